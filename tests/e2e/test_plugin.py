"""A day with ``kubectl formation``, as it is typed in a terminal and in a script, with processes that run."""

import json
import signal
import threading
from typing import Any

import pytest

from tests import builders
from tests.client import Client, eventually
from tests.images import debian
from tests.plugin import Plugin, plain

pytestmark = pytest.mark.node

GREETS = 'trap "exit 0" TERM; echo "$PROCESS_TYPE says $GREETING"; while :; do sleep 0.2; done'
CRASHES = "echo 'no database' >&2; exit 3"
UNPULLABLE = "registry.example.com/shop:nowhere"


def shop_of(**scripts: str) -> builders.Manifest:
    """Return a Formation whose types run these scripts, each once."""
    container = {"name": "process", "imagePullPolicy": "IfNotPresent"}
    return builders.a_formation(
        image=debian.IMAGE.name,
        env=[{"name": "GREETING", "value": "hello"}],
        podTemplate={"spec": {"securityContext": {"runAsUser": 1000}, "containers": [container]}},
        processes={
            name: builders.a_process("/bin/sh", "-c", each, replicas=1) for name, each in scripts.items()
        },
    )


@pytest.fixture
def shop(person: Client) -> Client:
    """A user with two types that run."""
    person.apply(shop_of(web=GREETS, worker=GREETS))
    person("wait", "--for=condition=Ready", "formation/shop", "--timeout=120s")
    return person


def processes(formation: Plugin) -> list[dict[str, Any]]:
    return list(json.loads(formation("ps", "shop", "-o", "json").stdout))


def test_processes_are_shown_scaled_stopped_and_started(shop: Client, formation: Plugin) -> None:
    scaled = formation("scale", "shop", "worker+1", "--wait")
    assert scaled.stdout == "worker: 1 -> 2\n"
    assert "all process types run as declared" in scaled.stderr
    assert [(each["type"], each["state"]) for each in processes(formation)] == [
        ("web", "Running"),
        ("worker", "Running"),
        ("worker", "Running"),
    ]
    header, first, *_ = (line.split() for line in formation("ps", "shop").stdout.splitlines())
    assert header == ["TYPE", "PROCESS", "STATE", "SINCE", "RESTARTS", "LAST", "EXIT"]
    assert (first[0], first[2]) == ("web", "Running")

    formation("stop", "shop", "--wait")
    assert [(each["type"], each["state"]) for each in processes(formation)] == [
        ("web", "Suspended"),
        ("worker", "Suspended"),
    ]
    formation("start", "shop", "--wait")
    assert len(processes(formation)) == 3


def test_a_restart_replaces_the_processes_of_one_type(shop: Client, formation: Plugin) -> None:
    before = {each["process"] for each in processes(formation)}
    formation("restart", "shop", "worker", "--wait")
    after = {each["process"] for each in processes(formation) if each["state"] == "Running"}
    assert [name.startswith("shop-web-") for name in before & after] == [True]


def test_an_image_that_can_not_be_pulled_ends_the_wait_at_once(shop: Client, formation: Plugin) -> None:
    done = formation("deploy", "shop", "--image", UNPULLABLE, "--wait", code=1)
    assert done.stdout == f"image: {debian.IMAGE.name} -> {UNPULLABLE}\n"
    assert UNPULLABLE in done.stderr
    assert "Processes from before go on: web=1 worker=1." in done.stderr


def test_a_process_that_crashes_ends_the_wait_with_its_last_words(person: Client, formation: Plugin) -> None:
    person.apply(shop_of(web=GREETS, worker=CRASHES))
    person.merge("formation", "shop", {"spec": {"suspend": True}})
    person.reported()
    done = formation("start", "shop", "--wait", code=1)
    assert "worker: exited with code 3" in done.stderr
    assert "no database" in done.stderr


def test_all_logs_are_one_stream_that_follows_who_comes(shop: Client, formation: Plugin) -> None:
    assert {line.partition(" | ")[2] for line in formation("logs", "shop").stdout.splitlines()} == {
        "web says hello",
        "worker says hello",
    }
    following = formation.start("logs", "shop", "-f", "-t", "worker")
    lines: list[str] = []
    assert following.stdout is not None
    threading.Thread(target=lambda: lines.extend(iter(following.stdout.readline, "")), daemon=True).start()  # type: ignore[union-attr]
    eventually(lambda: len(lines) == 1)
    formation("scale", "shop", "worker=2")
    eventually(lambda: len(lines) == 2)
    following.send_signal(signal.SIGINT)
    assert following.wait(10) == 130
    assert [line.partition(" | ")[2] for line in lines] == ["worker says hello\n"] * 2


def test_a_one_off_process_runs_once_with_the_same_environment(shop: Client, formation: Plugin) -> None:
    script = 'echo "$GREETING from $PROCESS_TYPE"; exit 7'
    done = formation("run", "shop", "--", "/bin/sh", "-c", script, code=7)
    assert done.stdout == "hello from run\n"
    eventually(lambda: not shop.list_all("jobs.batch"))
    assert "Error: It can't be run:" in formation("run", "shop", "--", "/nothing", code=1).stderr

    name = formation(
        "run", "shop", "--type", "worker", "--detach", "--", "/bin/sh", "-c", script
    ).stdout.strip()
    log = eventually(lambda: shop("logs", name, check=False).stdout)
    assert log == "hello from worker\n"
    (job,) = shop.list_all("jobs.batch")
    assert job["spec"]["backoffLimit"] == 0


def test_a_command_is_run_in_a_process_that_is_there(shop: Client, formation: Plugin) -> None:
    done = formation(
        "exec", "shop", "--type", "worker", "--", "/bin/sh", "-c", "echo $PROCESS_TYPE; exit 4", code=4
    )
    assert done.stdout == "worker\n"


def test_at_a_terminal_states_have_colours_and_a_sentence(shop: Client, formation: Plugin) -> None:
    shown = formation.typed("ps", "shop")
    assert "\x1b[32mRunning" in shown
    assert plain(shown).splitlines()[-1] == "shop: all process types run as declared"
    assert "\x1b[36mweb." in formation.typed("logs", "shop")


def test_at_a_terminal_a_shell_is_interactive(shop: Client, formation: Plugin) -> None:
    shown = plain(formation.typed("exec", "shop", "--", "/bin/sh", answer="tty && exit\n"))
    assert "/dev/pts/" in shown
