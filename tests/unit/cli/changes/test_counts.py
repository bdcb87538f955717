import pytest
from syrupy.assertion import SnapshotAssertion

from formation_cli.changes import counts
from formation_cli.failures import Mistyped
from formation_cli.words.counts import Bounds, Wanted
from tests.shared import builders
from tests.shared.builders import Manifest
from tests.unit.fakes import json_patch


def shop(**processes: Manifest) -> Manifest:
    return builders.stored(builders.a_formation(processes=processes), generation=7)


SHOP = shop(
    web=builders.a_process(replicas=2), worker=builders.a_process(replicas=3), clock=builders.a_process()
)
CPU = {"type": "Resource", "resource": {"name": "cpu"}}
TWO_TO_TEN = {"minReplicas": 2, "maxReplicas": 10}


def reported(formation: Manifest, **processes: Manifest) -> Manifest:
    return {**formation, "status": {"processes": processes}}


def test_nothing_is_written_where_the_counts_are_so() -> None:
    assert counts.patch(SHOP, counts.changes(SHOP, [Wanted("web", "=", 2)])) == []


def test_a_suspended_count_is_the_one_to_come_back_to() -> None:
    suspended = reported(SHOP, clock={"desiredReplicas": 0, "resumeReplicas": 4})
    assert counts.open_ones(suspended) == {"clock": (4, "")}


@pytest.mark.parametrize("type_", ["wroker", "mailer", "clock"])
def test_an_unknown_type_and_one_that_an_autoscaler_decides_are_refused(
    type_: str, snapshot: SnapshotAssertion
) -> None:
    scaled = {"desiredReplicas": 4, "replicasManagedBy": "HorizontalPodAutoscaler/clock"}
    with pytest.raises(Mistyped) as refused:
        counts.changes(reported(SHOP, clock=scaled), [Wanted(type_, "=", 1)])
    assert (refused.value.message, refused.value.hint) == snapshot


FOUR_TO_TWELVE = {"minReplicas": 4, "maxReplicas": 12}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            {"autoscaling": {"maxReplicas": 10, "metrics": [CPU]}, "replicas": 3},
            {**FOUR_TO_TWELVE, "metrics": [CPU]},
        ),
        ({"replicas": 3}, FOUR_TO_TWELVE),
        ({}, FOUR_TO_TWELVE),
    ],
    ids=["metrics and replicas stay", "a count", "left open"],
)
def test_bounds_are_those_of_the_types_autoscaling_which_is_added_where_there_is_none(
    before: Manifest, after: Manifest
) -> None:
    formation = reported(shop(worker=builders.a_process(**before)), worker={"desiredReplicas": 3})
    patch = counts.patch(formation, counts.changes(formation, [Wanted("worker", "=", 4, Bounds(4, 12))]))
    process = json_patch.patched(formation, patch)["spec"]["processes"]["worker"]
    assert process == builders.a_process(**{**before, "autoscaling": after})


@pytest.mark.parametrize("autoscaling", [{"maxReplicas": 4}, {"minReplicas": 1, "maxReplicas": 4}])
def test_bounds_that_are_so_are_not_written(autoscaling: Manifest) -> None:
    formation = shop(worker=builders.a_process(autoscaling=autoscaling))
    (change,) = counts.changes(formation, [Wanted("worker", "=", 1, Bounds(1, 4))])
    assert str(change) == "worker: 1..4, as it was"
    assert counts.patch(formation, [change]) == []


@pytest.mark.parametrize("replicas", [{}, {"replicas": 3}])
@pytest.mark.parametrize("sign", "=+-")
def test_a_count_of_a_type_with_autoscaling_is_refused_with_the_bounds_and_how_they_are_typed(
    sign: str, replicas: Manifest
) -> None:
    formation = shop(worker=builders.a_process(autoscaling=TWO_TO_TEN, **replicas))
    with pytest.raises(Mistyped) as refused:
        counts.changes(formation, [Wanted("worker", sign, 1)])
    assert "within 2..10" in refused.value.message
    bounds = "1..1" if sign == "=" else "4..12"
    assert refused.value.hint == f"Change its bounds: kubectl formation scale shop worker={bounds}"
