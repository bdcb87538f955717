import pytest

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


def test_an_unknown_type_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(Mistyped) as refused:
        counts.changes(SHOP, [Wanted("wroker", "=", 1)])
    assert (refused.value.message, refused.value.hint) == (
        "There is no process type wroker.",
        "Did you mean worker?",
    )


def test_an_unknown_type_like_no_other_is_refused_with_all_there_are() -> None:
    with pytest.raises(Mistyped) as refused:
        counts.changes(SHOP, [Wanted("mailer", "=", 1)])
    assert refused.value.hint == "There is: clock, web, worker."


def test_a_count_that_an_autoscaler_decides_is_refused() -> None:
    scaled = reported(
        SHOP, clock={"desiredReplicas": 4, "replicasManagedBy": "HorizontalPodAutoscaler/clock"}
    )
    with pytest.raises(Mistyped, match="HorizontalPodAutoscaler/clock decides"):
        counts.changes(scaled, [Wanted("clock", "=", 1)])


def test_a_change_says_what_was_and_what_is() -> None:
    assert str(Change("web", 2, 5, declared=True)) == "web: 2 -> 5"
    assert str(Change("web", 2, 2, declared=True)) == "web: 2, as it was"
