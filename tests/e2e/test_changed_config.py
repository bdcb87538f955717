"""A ConfigMap that has changed reaches the processes by one command: docs/how-to/changed-config.md."""

import pytest

from tests.live.client import Client, eventually
from tests.live.plugin import Plugin
from tests.shared.builders import Manifest, a_formation, a_process

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("shop")]

TYPES = {
    "web": a_process("/shop", "web", minReadySeconds=1, envFrom=[{"configMapRef": {"name": "settings"}}]),
    "worker": a_process("/shop", "worker", minReadySeconds=1),
}


def config(port: str) -> Manifest:
    """Return a ConfigMap that says on which port to listen."""
    about = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}
    return {**about, "data": {"PORT": port}}


def pods(user: Client, type_: str) -> set[str]:
    """Return the names of a type's Pods that aren't going away."""
    found = [
        each["metadata"] for each in user.list_all("pod") if f"shop-{type_}-" in each["metadata"]["name"]
    ]
    return {each["name"] for each in found if "deletionTimestamp" not in each}


def listens(user: Client, port: str) -> bool:
    """Tell whether web's only process listens on a port."""
    (name,) = pods(user, "web")
    return f"listening on port {port}\n" in user("logs", name, check=False).stdout


def test_restart_using_restarts_what_uses_it_in_every_formation_and_nothing_else(
    user: Client, formation: Plugin
) -> None:
    user.apply(config("8001"))
    user.ready(a_formation(processes=TYPES))
    eventually(lambda: listens(user, "8001"))
    web, worker = pods(user, "web"), pods(user, "worker")
    user.apply(config("8002"))

    done = formation("restart", "--using", "configmap/settings", "--wait")

    assert done.stdout == "shop web: restarting\n"
    eventually(lambda: listens(user, "8002"))
    assert web.isdisjoint(pods(user, "web"))
    assert pods(user, "worker") == worker
