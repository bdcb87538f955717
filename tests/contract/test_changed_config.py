"""What Stakater Reloader writes into a Deployment of ours stays there, whatever else is written afterwards.

Reloader itself isn't here. Its writes are: those of its strategies `env-vars` and `annotations`, as a patch
and, as its earlier versions did, as an update of the whole object.
Source: https://github.com/stakater/Reloader, internal/pkg/callbacks and internal/pkg/handler
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.counting import count
from tests.live.client import Client, eventually, throughout
from tests.shared.builders import a_formation, a_process

AUTO = {"reloader.stakater.com/auto": "true"}
VARIABLE = "STAKATER_SETTINGS_CONFIGMAP"
RELOADED_FROM = "reloader.stakater.com/last-reloaded-from"
MANAGER = "--field-manager=Reloader"
Template = dict[str, Any]


def shop(colour: str = "blue") -> dict[str, Any]:
    worker = a_process(replicas=1, envFrom=[{"configMapRef": {"name": "settings"}}])
    colours = [{"name": "COLOUR", "value": colour}]
    return a_formation(annotations=AUTO, env=colours, processes={"worker": worker})


def template(user: Client) -> Template:
    found: Template = user.get("deployment", "shop-worker")["spec"]["template"]
    return found


def variables(user: Client) -> dict[str, str]:
    (container,) = template(user)["spec"]["containers"]
    return {each["name"]: each.get("value", "") for each in container["env"]}


def updated_variable(user: Client, value: str) -> None:
    def updated() -> bool:
        deployment = user.get("deployment", "shop-worker")
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        others = [each for each in container["env"] if each["name"] != VARIABLE]
        container["env"] = [*others, {"name": VARIABLE, "value": value}]
        done = user("replace", "-f", "-", MANAGER, input=json.dumps(deployment), check=False)
        return done.returncode == 0

    eventually(updated)  # until nobody has written in between, as Reloader does


def patched_annotation(user: Client, value: str) -> None:
    patch = {"spec": {"template": {"metadata": {"annotations": {RELOADED_FROM: value}}}}}
    user("patch", "deployment/shop-worker", "--type=strategic", MANAGER, "-p", json.dumps(patch))


def reloaded_variable(user: Client) -> str | None:
    return variables(user).get(VARIABLE)


def reloaded_annotation(user: Client) -> str | None:
    annotations = template(user)["metadata"].get("annotations") or {}
    return str(annotations[RELOADED_FROM]) if RELOADED_FROM in annotations else None


WAYS = {
    "an updated variable": (updated_variable, reloaded_variable),
    "a patched annotation": (patched_annotation, reloaded_annotation),
}


@pytest.mark.parametrize(("write", "read"), WAYS.values(), ids=WAYS)
def test_what_reloader_writes_stays_and_causes_no_write(
    user: Client, write: Callable[[Client, str], None], read: Callable[[Client], str | None]
) -> None:
    user.applied(shop())
    assert user.get("deployment", "shop-worker")["metadata"]["annotations"].items() >= AUTO.items()

    write(user, "1")
    written = user.get("deployment", "shop-worker")["metadata"]["generation"]
    assert throughout(3, lambda: user.get("deployment", "shop-worker")["metadata"]["generation"]) == written

    user("scale", "deployment/shop-worker", "--replicas=2")
    user.apply(shop("red"))
    eventually(lambda: variables(user)["COLOUR"] == "red")
    assert read(user) == "1"
    write(user, "2")
    user.merge("formation", "shop", {"spec": {"processes": {"worker": {"replicas": 3}}}})
    eventually(lambda: count(user) == 3)
    assert (read(user), variables(user)["COLOUR"]) == ("2", "red")
    assert not user.events("DriftRepaired")
