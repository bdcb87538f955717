"""The cluster is another one all at once, or lacks something: what there is counts."""

import asyncio
import copy
import pathlib
import time

import pytest
from aiohttp import web

from hack.cluster import paths
from tests.faults.apps import App
from tests.faults.daemons import Backup
from tests.faults.place import Place
from tests.faults.proxy import Call, Exchange
from tests.live.client import COLLECTED, Client, established, eventually
from tests.shared.builders import Manifest

pytestmark = [pytest.mark.alone, pytest.mark.long]
AHEAD = 1000
"""Versions that a backup is behind: those of a busy cluster catch up before a watch has told of it."""


def test_what_a_restored_cluster_says_is_what_counts(
    place: Place, kubectl: Client, tmp_path: pathlib.Path
) -> None:
    app = App.create(kubectl)
    place.converge(app)
    backup, then = Backup(place.cluster, tmp_path), copy.deepcopy(app)
    app.scale("worker", 3)
    app.add("clock")
    app.update()
    App.create(kubectl, "later")
    place.reach(app)
    for turn in range(AHEAD):
        annotations = {"metadata": {"annotations": {"turn": str(turn)}}}
        kubectl.server.merge("namespace", "", kubectl.namespace, annotations)
    before, began = place.operator.pid, time.monotonic()

    backup.restore()

    with place.kept_running() as ends:
        place.converge(then)
        eventually(lambda: place.operator.pid != before, 120)
        print(f"restored: noticed after {time.monotonic() - began:.0f} s")
        then.scale("worker", 2)
        then.add("mailer")
        place.converge(then)
    assert len(ends) == 1
    assert not kubectl.find("deployment", "later-web")


def test_formations_that_went_with_their_crd_can_be_made_anew_when_it_is_back(
    place: Place, kubectl: Client
) -> None:
    App.create(kubectl)
    place.converge(App.create(kubectl, "other"))
    before = place.operator.pid

    kubectl("delete", "-k", str(paths.ROOT / "crds"))
    time.sleep(5)
    place.cluster.run_kubectl("apply", "-k", str(paths.ROOT / "crds"))
    established(kubectl, "formations.formations.dev")

    app = eventually(lambda: App.create(kubectl))
    place.converge(app, patience=COLLECTED)
    eventually(lambda: not kubectl.find("deployment", "other-web"), COLLECTED)
    assert place.operator.pid == before


def test_a_namespace_may_go_in_the_middle_of_a_pass(place: Place, kubectl: Client) -> None:
    before, gate = place.operator.pid, asyncio.Event()

    async def held(exchange: Exchange) -> web.StreamResponse:
        await gate.wait()
        return await exchange.forward()

    def is_write_here(call: Call) -> bool:
        return call.writes_a_child() and f"/namespaces/{kubectl.namespace}/" in call.path

    with place.proxy.having(is_write_here, held) as rule:
        App.create(kubectl)
        eventually(lambda: rule.hits)
        kubectl.server.delete("namespace", "", kubectl.namespace)
        eventually(lambda: "deletionTimestamp" in namespace(kubectl)["metadata"])
        place.proxy.call(gate.set)
        eventually(lambda: kubectl.server.find("namespace", "", kubectl.namespace) is None, COLLECTED)
    place.converge()
    assert place.operator.pid == before

    kubectl.server.create("namespace", "", {"metadata": {"name": kubectl.namespace}})
    app = App.create(kubectl)
    place.converge(app)


def namespace(kubectl: Client) -> Manifest:
    return kubectl.server.get("namespace", "", kubectl.namespace)
