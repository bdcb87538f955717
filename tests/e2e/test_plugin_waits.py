"""What ends ``--wait``: the types that are named, as they are now, whoever has begun it and when."""

import subprocess

import pytest

from tests.client import Client, eventually
from tests.e2e.scripts import CRASHES, GREETS, READY, shop_of
from tests.images import debian
from tests.plugin import Plugin

pytestmark = pytest.mark.node

GOOD, UNPULLABLE = debian.IMAGE.name, "registry.example.com/shop:nowhere"
NEEDS_A_DATABASE = f'test -n "$DATABASE" || {{ {CRASHES}; }}; {GREETS}'
DATABASE = {
    "name": "DATABASE",
    "valueFrom": {"configMapKeyRef": {"name": "db", "key": "url", "optional": True}},
}


@pytest.fixture
def shop(person: Client) -> Client:
    """A user with three types that run."""
    person.apply(shop_of(clock=GREETS, web=GREETS, worker=GREETS))
    person(*READY)
    return person


@pytest.fixture
def half_broken(person: Client) -> Client:
    """A user with a type that runs, and another whose process crashes."""
    person.apply(shop_of(web=GREETS, worker=NEEDS_A_DATABASE))
    person.merge("formation", "shop", {"spec": {"processes": {"worker": {"env": [DATABASE]}}}})
    eventually(lambda: state(person, "worker") == "Crashing")
    return person


def state(user: Client, name: str) -> str:
    return str(user.reported()["status"]["processes"][name]["state"])


def reasons(user: Client) -> list[str]:
    return [each.get("reason", "") for each in user.reported()["status"]["processes"].values()]


def error(done: subprocess.CompletedProcess[str]) -> str:
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("Error: "))
    return line


def test_a_failure_that_is_older_than_the_change_ends_a_wait_at_once(shop: Client, formation: Plugin) -> None:
    formation("scale", "shop", "worker=2", "--wait")
    deploy = ("deploy", "shop", "--image", UNPULLABLE, "--wait")
    assert "isn't ready, and waiting won't help. " in error(formation(*deploy, code=1))

    formation("scale", "shop", "worker=1")
    eventually(lambda: reasons(shop) == ["ImagePullFailed"] * 3)
    again = formation(*deploy, code=1)
    assert error(again).startswith(
        "Error: shop isn't ready, and waiting won't help. clock, web, worker: can't"
    )
    assert error(again).count(UNPULLABLE) == 1
    assert "Old processes keep running: clock=1 web=1 worker=" in again.stderr
    scaled = formation("scale", "shop", "worker=3", "--wait", code=1)
    assert error(scaled).startswith("Error: shop isn't ready, and waiting won't help. worker: can't")

    mended = formation("deploy", "shop", "--image", GOOD, "--wait")
    assert mended.stderr.splitlines()[-1] == "shop: all process types run as declared"


def test_a_type_that_is_not_named_is_not_waited_for(half_broken: Client, formation: Plugin) -> None:
    for words in (("scale", "shop", "web=2"), ("restart", "shop", "web")):
        done = formation(*words, "--wait")
        assert done.stderr.splitlines()[-1] == "shop: web runs as declared"
        assert "worker" not in done.stderr
    named = formation("scale", "shop", "web=1", "worker=2", "--wait", code=1)
    assert "waiting won't help. worker: exited with code 3: no database\n" in named.stderr


def test_a_process_that_is_replaced_or_taken_away_fails_no_wait(
    half_broken: Client, formation: Plugin
) -> None:
    formation("scale", "shop", "worker=0", "--wait")
    formation("scale", "shop", "worker=1", "--wait", code=1)

    half_broken("create", "configmap", "db", "--from-literal=url=here")
    formation("restart", "shop", "worker", "--wait")

    crashes = {"command": ["/bin/sh", "-c", CRASHES]}
    half_broken.merge("formation", "shop", {"spec": {"processes": {"worker": crashes}}})
    formation("scale", "shop", "worker=2", "--wait", code=1)
    half_broken.apply(shop_of(web=GREETS, worker=GREETS))
    formation("scale", "shop", "worker=1", "--wait")
