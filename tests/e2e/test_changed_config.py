"""A ConfigMap that has changed reaches the processes in each of the ways of docs/how-to/changed-config.md."""

import json
from typing import Any

import pytest

from tests.builders import Manifest, a_formation, a_process
from tests.client import Client, eventually, throughout
from tests.e2e.workers import READY
from tests.plugin import Plugin

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("shop")]

RELOADER = {"reloader.stakater.com/auto": "true"}
BEFORE, AFTER = "8001", "8002"


def config(port: str, name: str = "settings", **fields: Any) -> Manifest:
    """Return a ConfigMap that says on which port to listen."""
    metadata = {"name": name}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"PORT": port}, **fields}


def formation_of(name: str = "settings", checksum: str = "", **spec: Any) -> Manifest:
    """Return a Formation whose web has its port from a ConfigMap, and whose worker doesn't know that."""
    web = a_process("/shop", "web", replicas=1, envFrom=[{"configMapRef": {"name": name}}])
    if checksum:
        web["podTemplate"] = {"metadata": {"annotations": {"checksum/settings": checksum}}}
    return a_formation(processes={"web": web, "worker": a_process("/shop", "worker", replicas=1)}, **spec)


def pods(user: Client, type_: str) -> set[str]:
    """Return the names of a type's Pods that aren't going away."""
    labels = {"formations.dev/formation": "shop", "formations.dev/process-type": type_}
    return {
        each["metadata"]["name"]
        for each in user.list_all("pod")
        if each["metadata"]["labels"].items() >= labels.items()
        and "deletionTimestamp" not in each["metadata"]
    }


def listens(user: Client, port: str) -> bool:
    """Tell whether web's only process listens on a port."""
    found = pods(user, "web")
    log = user("logs", found.pop(), check=False).stdout if len(found) == 1 else ""
    return f"listening on port {port}\n" in log


def begin(user: Client, manifest: Manifest, *configs: Manifest) -> tuple[set[str], set[str]]:
    """Apply all, wait until web listens, and return the Pods of web and of worker."""
    for each in (*configs, manifest):
        user.apply(each)
    user(*READY)
    eventually(lambda: listens(user, BEFORE))
    return pods(user, "web"), pods(user, "worker")


def check_only_web_was_restarted(user: Client, before: tuple[set[str], set[str]]) -> None:
    """Fail unless web's process is a new one that listens elsewhere, and the worker's that from before."""
    eventually(lambda: listens(user, AFTER))
    web, worker = before
    assert web.isdisjoint(pods(user, "web"))
    assert pods(user, "worker") == worker


def test_a_new_name_rolls_out_the_types_that_use_it(user: Client) -> None:
    before = begin(user, formation_of("settings-1"), config(BEFORE, "settings-1", immutable=True))

    user.apply(config(AFTER, "settings-2", immutable=True))
    user.apply(formation_of("settings-2"))

    check_only_web_was_restarted(user, before)


def test_a_checksum_in_pod_template_rolls_out_its_type(user: Client) -> None:
    before = begin(user, formation_of(checksum="1"), config(BEFORE))
    user.apply(config(AFTER))
    assert throughout(3, lambda: pods(user, "web")) == before[0]

    user.apply(formation_of(checksum="2"))

    check_only_web_was_restarted(user, before)
    (pod,) = (user.get("pod", name) for name in pods(user, "web"))
    assert pod["metadata"]["annotations"]["checksum/settings"] == "2"


def test_reloaders_variable_replaces_the_processes_once_and_stays(user: Client) -> None:
    before = begin(user, formation_of(annotations=RELOADER), config(BEFORE))
    assert user.get("deployment", "shop-web")["metadata"]["annotations"].items() >= RELOADER.items()
    user.apply(config(AFTER))

    variable = {"name": "STAKATER_SETTINGS_CONFIGMAP", "value": "6a1f"}
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "web", "env": [variable]}]}}}}
    reloader = ("--type=strategic", "--field-manager=Reloader", "-p", json.dumps(patch))
    user("patch", "deployment/shop-web", *reloader)

    check_only_web_was_restarted(user, before)
    reloaded = pods(user, "web")
    user.merge("formation", "shop", {"spec": {"processes": {"web": {"replicas": 2}}}})
    eventually(lambda: len(pods(user, "web")) == 2)
    assert throughout(3, lambda: pods(user, "web") >= reloaded)
    for name in pods(user, "web"):
        assert variable in user.get("pod", name)["spec"]["containers"][0]["env"]
    assert not user.events("DriftRepaired")


def test_restart_using_restarts_what_uses_it_in_every_formation(user: Client, formation: Plugin) -> None:
    before = begin(user, formation_of(), config(BEFORE))
    user.apply(config(AFTER))

    done = formation("restart", "--using", "configmap/settings", "--wait")

    assert done.stdout == "shop web: restarting\n"
    check_only_web_was_restarted(user, before)
