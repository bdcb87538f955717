"""What ``deploy --wait --rollback-on-failure`` does for anyone who lacks one right, by a real API server."""

import signal
import time

import pytest

from formation_cli import failures
from formation_cli.rights import FORMATION, NEEDED, Right
from tests.live.client import Client, eventually
from tests.live.plugin import Plugin
from tests.shared import builders

NEW = "registry.example.com/shop:v2"
DEPLOY = ("deploy", "shop", NEW, "--wait", "--rollback-on-failure", "--timeout", "3s")
RIGHTS = [right for option, rights in NEEDED["deploy"].items() if option != "--retry" for right in rights]
SOON = 1.0
CONTINUES = "The change is made, and continues: `kubectl formation ps shop` shows its progress."


def token(user: Client, name: str, rights: list[Right]) -> str:
    """Return the token of somebody with some rights, those to Formations for this one alone."""
    rules = [
        {
            "apiGroups": [right.resource.partition(".")[2]],
            "resources": [right.resource.partition(".")[0]],
            "verbs": [right.verb],
            **({"resourceNames": ["shop"]} if right.name == FORMATION else {}),
        }
        for right in rights
    ]
    about = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": name}}
    user.apply({**about, "kind": "Role", "rules": rules})
    user("create", "serviceaccount", name)
    user("create", "rolebinding", name, f"--role={name}", f"--serviceaccount={user.namespace}:{name}")
    which, verb = f"--as=system:serviceaccount:{user.namespace}:{name}", rights[-1].verb
    eventually(lambda: user("auth", "can-i", verb, rights[-1].resource, which, check=False).returncode == 0)
    return user("create", "token", name).stdout.strip()


def image(shop: Client) -> str:
    return shop("get", "formation", "shop", "--output=jsonpath={.spec.image}").stdout


def test_whoever_lacks_one_right_changes_nothing_and_is_told_which(shop: Client, formation: Plugin) -> None:
    for number, lacking in enumerate(RIGHTS):
        others = [right for right in RIGHTS if right != lacking]
        somebody = formation.with_user(token=token(shop, f"somebody-{number}", others))
        stderr = formation.within(*somebody, *DEPLOY, code=failures.NO_ACCESS).stderr
        assert f"lack in namespace {shop.namespace}: {lacking.verb} on {lacking.resource}. Nothing" in stderr
        assert image(shop) == builders.IMAGE


def test_these_rights_are_enough_for_a_deploy_and_for_the_way_back(shop: Client, formation: Plugin) -> None:
    somebody = formation.with_user(token=token(shop, "somebody", RIGHTS))
    # No process runs here, and only what ran well is a way back.
    shop("annotate", "controllerrevision", "--all", "formations.dev/ran-well=worker")
    stderr = formation.within(*somebody, *DEPLOY, code=failures.TIMED_OUT).stderr
    assert "3 s are over" in stderr
    assert "Going back to " in stderr
    assert "You may not" not in stderr
    assert image(shop) == builders.IMAGE


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_whoever_ends_a_deploy_reads_within_a_second_what_stands_and_the_way_back(
    shop: Client, formation: Plugin, number: signal.Signals
) -> None:
    with formation.start("deploy", "shop", NEW, "--wait", "--rollback-on-failure") as started:
        assert started.stdout is not None
        while not started.stdout.readline().startswith("TYPE"):
            pass
        began = time.monotonic()
        started.send_signal(number)
        said = [started.stdout.readline().rstrip()]
        while said[-1] and "To go back" not in said[-1]:
            said.append(started.stdout.readline().rstrip())
        seconds = time.monotonic() - began
    assert started.returncode == failures.SIGNAL + number
    assert said[-2] == CONTINUES
    assert said[-1].startswith("Nothing was rolled back. To go back: kubectl formation rollback shop")
    assert seconds < SOON
    assert image(shop) == NEW
