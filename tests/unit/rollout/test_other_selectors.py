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
