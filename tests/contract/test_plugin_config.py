"""``kubectl formation config``, and what the API server and the operator make of it."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from formation_cli.commands.config import prune
from tests.live.client import Client, eventually
from tests.live.plugin import Plugin
from tests.shared import builders

PASSWORD = "hunter2-hunter2"  # it opens nothing
FOREIGN = "shop-config-0123456789"
ENV = [{"name": "LOG_LEVEL", "value": "info"}, {"name": "MODE", "value": "fast"}]


@pytest.fixture
def shop(user: Client) -> Client:
    """A user with a Formation that has two plain variables.

    Without a process: as none begins here, those of the version before would stay, and keep their Secret.
    """
    user.applied(builders.a_formation(processes={"worker": builders.a_process(replicas=0)}, env=ENV))
    return user


def spec(user: Client) -> dict[str, Any]:
    return dict(user.get("formation", "shop")["spec"])


def env(user: Client) -> dict[str, str]:
    return {each["name"]: each["value"] for each in spec(user).get("env", ())}


def named(user: Client) -> list[str]:
    return [each["secretRef"]["name"] for each in spec(user).get("envFrom", ())]


def secrets(user: Client) -> dict[str, dict[str, str]]:
    return {
        each["metadata"]["name"]: {
            key: base64.b64decode(value).decode() for key, value in each["data"].items()
        }
        for each in user.list_all("secret")
    }


def if_no_revision_names_it(user: Client) -> None:
    """Have the operator come to the content as it is now, and delete the revisions that it has kept."""
    user.reported()
    user("delete", "controllerrevision", "--selector=formations.dev/formation=shop")


def test_a_secret_value_is_in_an_immutable_secret_and_the_change_is_a_deploy(
    shop: Client, formation: Plugin
) -> None:
    generation = shop.get("formation", "shop")["metadata"]["generation"]
    done = formation("config", "set", "shop", "--secret", "MODE", stdin=f"{PASSWORD}\n")
    assert PASSWORD not in done.stdout + done.stderr
    (name,) = named(shop)
    assert done.stdout == f"MODE: set in Secret {name}\n"
    assert secrets(shop)[name] == {"MODE": PASSWORD}
    assert env(shop) == {"LOG_LEVEL": "info"}
    assert shop.get("formation", "shop")["metadata"]["generation"] == generation + 1

    (owner,) = shop.get("secret", name)["metadata"]["ownerReferences"]
    assert owner["uid"] == shop.get("formation", "shop")["metadata"]["uid"]
    changed = json.dumps({"stringData": {"MODE": "x"}})
    refused = shop("patch", "secret", name, "--type=merge", "-p", changed, check=False)
    assert "field is immutable when `immutable` is set" in refused.stderr
    eventually(lambda: shop.container().get("envFrom") == [{"secretRef": {"name": name}}])


def test_whoever_may_edit_a_namespace_may_do_all_of_it_and_prunes_no_secret_of_others(
    shop: Client, formation: Plugin, somebody: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune, "FRESH", 0.0)
    shop("create", "secret", "generic", FOREIGN, "--from-literal=A=1")
    token = formation.with_user(token=somebody("edit"))
    formation.within(*token, "config", "set", "shop", "--secret", "KEY", stdin="1")
    formation.within(*token, "config", "unset", "shop", "KEY")
    formation.within(*token, "config", "shop", "--show")
    if_no_revision_names_it(shop)
    eventually(lambda: formation.within(*token, "config", "prune", "shop", "--yes").stdout)
    assert {*secrets(shop)} == {FOREIGN}


def test_a_secret_value_is_typed_at_a_terminal_that_does_not_show_it(shop: Client, formation: Plugin) -> None:
    with formation.terminal("config", "set", "shop", "--secret", "TOKEN") as terminal:
        terminal.sees("TOKEN: ")
        terminal.press(f"{PASSWORD}\n")
    assert terminal.code == 0, terminal.sent
    assert terminal.is_as_before
    assert PASSWORD not in terminal.sent
    assert secrets(shop)[named(shop)[0]] == {"TOKEN": PASSWORD}
