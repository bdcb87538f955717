"""What is reported, and that it is a fixed point."""

import dataclasses
from typing import Any

import pytest

from formation_operator import status
from formation_operator.counts import Count
from formation_operator.observed import Rollout
from formation_operator.status import Problem, Seen
from tests.unit.test_plan import INTENT, a_child

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z"
DONE = Rollout(current=True, total=2, updated=2, ready=2, available=2, serving=True)


def seen(rollout: Rollout = DONE, **changes: Any) -> Seen:
    world = Seen(
        name="shop",
        generation=3,
        counts={"worker": Count(desired=2, rendered=2, remembered=2)},
        deployments={"worker": a_child(rollout=rollout, replicas=2, owns_count=True)},
        digests={"worker": INTENT.digest},
        images={},
    )
    return dataclasses.replace(world, **changes)


def conditions(computed: status.Status) -> dict[str, dict[str, Any]]:
    return {item["type"]: item for item in computed["conditions"]}


def test_a_formation_that_runs_as_declared_is_ready_and_nothing_else() -> None:
    computed = status.compute(seen(), {}, NOW)
    assert list(conditions(computed)) == ["Ready"]
    assert conditions(computed)["Ready"]["status"] == "True"
    assert computed["observedGeneration"] == 3
    assert computed["summary"] == "worker=2/2"


def test_seeing_the_same_again_gives_the_same_status() -> None:
    first = status.compute(seen(), {}, NOW)
    again = status.compute(seen(), first, LATER)
    assert again == first
    assert not status.differs(again, first)


def test_a_time_moves_only_with_its_status() -> None:
    first = status.compute(seen(), {}, NOW)
    starting = dataclasses.replace(DONE, available=1, ready=1)
    second = status.compute(seen(starting), first, LATER)
    assert conditions(second)["Ready"]["lastTransitionTime"] == LATER
    third = status.compute(seen(dataclasses.replace(DONE, available=0)), second, "2026-01-01T00:09:00Z")
    assert conditions(third)["Ready"]["lastTransitionTime"] == LATER


@pytest.mark.parametrize(
    "rollout",
    [
        dataclasses.replace(DONE, current=False),
        dataclasses.replace(DONE, updated=1),
        dataclasses.replace(DONE, total=3),
        dataclasses.replace(DONE, available=1),
    ],
    ids=["figures of an older spec", "old pods", "one too many", "one not available"],
)
def test_a_rollout_under_way_is_reconciling_and_not_ready(rollout: Rollout) -> None:
    found = conditions(status.compute(seen(rollout), {}, NOW))
    assert set(found) == {"Ready", "Reconciling"}
    assert found["Ready"]["status"] == "False"


@pytest.mark.parametrize(
    "rollout",
    [
        dataclasses.replace(DONE, available=1, stuck="too slow"),
        dataclasses.replace(
            DONE, available=1, blocked='pods "x" is forbidden: violates PodSecurity "restricted"'
        ),
    ],
)
def test_what_waiting_will_not_mend_is_stalled_and_not_reconciling(rollout: Rollout) -> None:
    found = conditions(status.compute(seen(rollout), {}, NOW))
    assert set(found) == {"Ready", "Stalled"}


def test_a_type_whose_count_is_not_ours_stays_ready_while_it_grows() -> None:
    growing = dataclasses.replace(DONE, total=5, updated=5, available=3)
    theirs = {"worker": Count(desired=5, rendered=None, remembered=5)}
    assert set(conditions(status.compute(seen(growing, counts=theirs), {}, NOW))) == {"Ready"}


def test_one_broken_type_names_itself_and_the_way_out() -> None:
    problem = Problem("web", "InvalidSpec", "podTemplate: rename the sidecar")
    found = conditions(status.compute(seen(problems=[problem]), {}, NOW))
    assert found["Stalled"]["message"] == "web: podTemplate: rename the sidecar"


def test_an_image_that_a_policy_rewrites_is_told_and_keeps_the_formation_ready() -> None:
    child = a_child(rollout=DONE, replicas=2, owns_count=True, images=(("worker", "mirror/shop"),))
    computed = status.compute(
        seen(deployments={"worker": child}, images={"worker": {"worker": "shop"}}), {}, NOW
    )
    found = conditions(computed)
    assert found["Ready"]["status"] == "True"
    assert "mirror/shop" in found["Overridden"]["message"]


def test_a_paused_formation_says_so_and_is_ready_only_if_it_runs_as_declared() -> None:
    found = conditions(status.compute(seen(paused=True), {}, NOW))
    assert found["Ready"]["status"] == "True"
    assert found["Paused"]["status"] == "True"
    behind = conditions(status.compute(seen(dataclasses.replace(DONE, total=1), paused=True), {}, NOW))
    assert set(behind) == {"Ready", "Paused"}


def test_a_spec_that_cannot_be_read_keeps_the_figures_and_stalls() -> None:
    before = status.compute(seen(), {}, NOW)
    computed = status.invalid(4, "spec.processes: wrong", before, LATER)
    assert computed["summary"] == before["summary"]
    assert computed["observedGeneration"] == 4
    assert set(conditions(computed)) == {"Ready", "Stalled"}


def test_a_condition_of_somebody_else_causes_no_write() -> None:
    ours = status.compute(seen(), {}, NOW)
    theirs = {"type": "Audited", "status": "True"}
    assert not status.differs(ours, {**ours, "conditions": [*ours["conditions"], theirs]})


def test_web_feeds_the_scale_subresource() -> None:
    world = seen(counts={"web": Count(2, 2, 2)}, deployments={"web": a_child(rollout=DONE)})
    computed = status.compute(world, {}, NOW)
    assert computed["replicas"] == 2
    assert computed["selector"] == "formations.dev/formation=shop,formations.dev/process-type=web"
