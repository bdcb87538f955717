"""A Deployment whose selector isn't ours, as of an earlier version: it can't be changed, only made again."""

from collections.abc import Iterator
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_operator.api import naming
from formation_operator.kube.objects import kinds
from tests.shared.builders import a_process
from tests.unit.gates.world import World, is_ready

CLOCK = a_process("/clock", singleton=True)
WEB = a_process("/web", replicas=2, port=80)
SELECTED = kinds.BY_NAME["Deployment"].name, kinds.REPLICA_SET


@pytest.fixture
def world() -> Iterator[World]:
    """A running app whose Deployments have the selectors of a version that knew no track."""
    found = World(processes={"web": WEB, "clock": CLOCK, "worker": a_process("/worker")})
    found.wait(60)
    found.scale(worker=3)
    found.wait(60)
    for kind in (*SELECTED, kinds.POD):
        for raw in found.cluster.there(kind):
            forget_track(raw)
    found.restart()
    found.wait(60)
    yield found
    found.runner.close()


def forget_track(raw: dict[str, Any]) -> None:
    """Take the label out of an object in place, since no client may change a selector."""
    spec = raw["spec"]
    labelled = [raw["metadata"]["labels"]]
    if raw["kind"] in SELECTED:
        labelled += [spec["selector"]["matchLabels"], spec["template"]["metadata"]["labels"]]
    for labels in labelled:
        labels.pop(naming.TRACK_LABEL, None)
    raw["metadata"].setdefault("annotations", {})[naming.INTENT_ANNOTATION] = "of another version"


def running(world: World, name: str) -> dict[str, int]:
    """Return how many processes of a type are ready, by track."""
    pods = [raw["metadata"]["labels"] for own, raw in world.processes() if own == name and is_ready(raw)]
    tracks = [labels.get(naming.TRACK_LABEL, "none") for labels in pods]
    return {track: tracks.count(track) for track in tracks}


def test_what_runs_goes_on_and_the_message_says_the_way_out(
    world: World, snapshot: SnapshotAssertion
) -> None:
    assert running(world, "web") == {"none": 2}
    assert world.endpoints("web") == 2
    said = world.status["processes"]
    assert {each["reason"] for each in said.values()} == {"Refused"}
    assert {name: said[name]["message"] for name in ("web", "clock")} == snapshot


def test_an_orphan_is_adopted_and_is_refused_in_the_same_way(world: World) -> None:
    said = world.status["processes"]["web"]["message"]
    world.cluster.merge("Deployment", "default", "shop-web", {"metadata": {"ownerReferences": None}})
    world.wait(60)
    assert world.object("Deployment", "shop-web")["metadata"]["ownerReferences"]  # type: ignore[index]
    assert world.status["processes"]["web"]["message"] == said
    assert running(world, "web") == {"none": 2}


def test_it_is_made_again_beside_its_old_processes_which_end_with_their_replica_set(world: World) -> None:
    world.controllers.delete("Deployment", "default", "shop-web", cascade="orphan")
    world.wait(60)
    assert running(world, "web") == {"none": 2, "stable": 2}
    assert world.endpoints("web") == 4, "no request is lost meanwhile"

    own = naming.selector("shop", "web").items()
    for raw in world.cluster.all(kinds.REPLICA_SET):
        labels = raw["metadata"]["labels"]
        if own <= labels.items() and naming.TRACK_LABEL not in labels:
            world.controllers.delete(kinds.REPLICA_SET, "default", raw["metadata"]["name"])
    world.wait(60)
    assert running(world, "web") == {"stable": 2}
    assert "reason" not in world.status["processes"]["web"]


def test_it_is_made_again_with_the_count_that_another_client_has_set(world: World) -> None:
    world.controllers.delete("Deployment", "default", "shop-worker", cascade="orphan")
    world.wait(60)
    assert running(world, "worker") == {"none": 3, "stable": 3}


def test_a_singleton_is_made_again_once_its_process_has_ended(world: World) -> None:
    world.controllers.delete("Deployment", "default", "shop-clock", cascade="foreground")
    while not running(world, "clock").get("stable"):
        world.wait(1)
        assert sum(running(world, "clock").values()) <= 1
    assert running(world, "clock") == {"stable": 1}
