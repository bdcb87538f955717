import pytest
from syrupy.assertion import SnapshotAssertion

from formation_cli.changes import counts
from formation_cli.changes.counts import Change
from formation_cli.failures import Mistyped
from formation_cli.words.counts import Wanted
from tests import builders
from tests.builders import Manifest
from tests.unit.fakes import json_patch


def shop(**processes: Manifest) -> Manifest:
    return builders.stored(builders.a_formation(processes=processes), generation=7)


SHOP = shop(
    web=builders.a_process(replicas=2), worker=builders.a_process(replicas=3), clock=builders.a_process()
)


def reported(formation: Manifest, **processes: Manifest) -> Manifest:
    return {**formation, "status": {"processes": processes}}


def test_all_counts_are_set_in_one_write() -> None:
    changed = counts.changes(SHOP, [Wanted("web", "=", 5), Wanted("worker", "+", 2)])
    patched = json_patch.patched(SHOP, counts.patch(SHOP, changed))
    assert {name: each.get("replicas") for name, each in patched["spec"]["processes"].items()} == {
        "web": 5,
        "worker": 5,
        "clock": None,
    }


def test_a_write_is_only_for_the_spec_that_was_read() -> None:
    patch = counts.patch(SHOP, counts.changes(SHOP, [Wanted("web", "=", 5)]))
    assert patch[0] == {"op": "test", "path": "/metadata/generation", "value": 7}


def test_nothing_is_written_where_the_counts_are_so() -> None:
    assert counts.patch(SHOP, counts.changes(SHOP, [Wanted("web", "=", 2)])) == []


def test_a_count_that_was_left_open_becomes_the_formations() -> None:
    running = reported(SHOP, clock={"desiredReplicas": 4})
    (change,) = counts.changes(running, [Wanted("clock", "+", 1)])
    assert str(change) == "clock: 4 -> 5"
    assert counts.patch(running, [change])[1:] == [
        {"op": "add", "path": "/spec/processes/clock/replicas", "value": 5}
    ]


def test_a_suspended_count_is_the_one_to_come_back_to() -> None:
    suspended = reported(SHOP, clock={"desiredReplicas": 0, "resumeReplicas": 4})
    assert counts.open_ones(suspended) == {"clock": (4, "")}


SCALED = {"desiredReplicas": 4, "replicasManagedBy": "HorizontalPodAutoscaler/clock"}


@pytest.mark.parametrize("type_", ["wroker", "mailer", "clock"])
def test_an_unknown_type_and_one_that_an_autoscaler_decides_are_refused(
    type_: str, snapshot: SnapshotAssertion
) -> None:
    with pytest.raises(Mistyped) as refused:
        counts.changes(reported(SHOP, clock=SCALED), [Wanted(type_, "=", 1)])
    assert (refused.value.message, refused.value.hint) == snapshot


def test_a_change_says_what_was_and_what_is() -> None:
    assert str(Change("web", 2, 5, declared=True)) == "web: 2 -> 5"
    assert str(Change("web", 2, 2, declared=True)) == "web: 2, as it was"
