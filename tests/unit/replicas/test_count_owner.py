"""Whose a count is, and what is written of it."""

import dataclasses

import pytest

from formation_operator.api import formation_status
from formation_operator.api.formation import FormationSpec, ProcessType
from formation_operator.observe.children import Child
from formation_operator.replicas import count_owner
from formation_operator.replicas.count_owner import Replicas, Reported
from tests.unit.facts import HPA, a_child

PRESENT = a_child(replicas=5)
OURS = dataclasses.replace(PRESENT, owns_count=True)
SUSPENDED = dataclasses.replace(OURS, replicas=0, remembered=5)


def decide(
    process: ProcessType,
    child: Child | None,
    *,
    suspend: bool | None = None,
    before: Reported = count_owner.UNREPORTED,
) -> Replicas:
    spec = FormationSpec(processes={"worker": process}, suspend=suspend)
    return count_owner.decide(spec, process, child, before=before)


DECLARED, OMITTED = ProcessType(replicas=3), ProcessType()


@pytest.mark.parametrize("child", [None, PRESENT, OURS, SUSPENDED])
def test_a_declared_count_is_written_whatever_is_there(child: Child | None) -> None:
    assert decide(DECLARED, child) == Replicas(desired=3, rendered=3, remembered=3)


def test_an_omitted_count_starts_with_one_and_is_not_written() -> None:
    assert decide(OMITTED, None) == Replicas(desired=1, rendered=None, remembered=1)


def test_an_omitted_count_is_left_to_whoever_scales() -> None:
    assert decide(OMITTED, PRESENT) == Replicas(desired=5, rendered=None, remembered=5)


def test_a_count_that_is_taken_away_is_handed_over_as_it_is() -> None:
    assert decide(OMITTED, OURS).handed_over == 5


def test_suspending_remembers_the_declared_count() -> None:
    assert decide(DECLARED, OURS, suspend=True) == Replicas(desired=0, rendered=0, remembered=3)


@pytest.mark.parametrize("child", [PRESENT, SUSPENDED])
def test_suspending_remembers_an_omitted_count_also_on_the_second_pass(child: Child) -> None:
    assert decide(OMITTED, child, suspend=True) == Replicas(desired=0, rendered=0, remembered=5)


def test_resuming_hands_an_omitted_count_back() -> None:
    resumed = decide(OMITTED, SUSPENDED)
    assert (resumed.desired, resumed.rendered, resumed.handed_over) == (5, None, 5)


def test_a_singleton_is_one_unless_it_says_none() -> None:
    assert decide(ProcessType(singleton=True), PRESENT).rendered == 1
    assert decide(ProcessType(singleton=True, replicas=0), PRESENT).rendered == 0


SPEC_SUSPENDED = FormationSpec(processes={"worker": OMITTED}, suspend=True)


def autoscaled(child: Child | None, *, suspend: bool | None = None) -> Replicas:
    spec = FormationSpec(processes={"worker": DECLARED}, suspend=suspend)
    return count_owner.decide(spec, DECLARED, child, HPA)


def test_an_autoscalers_count_is_left_to_it_though_one_is_declared() -> None:
    count = autoscaled(PRESENT)
    assert (count.desired, count.rendered, count.handed_over) == (5, None, None)
    assert count.autoscaler is HPA


def test_a_count_of_ours_is_handed_to_an_autoscaler_as_it_is() -> None:
    assert autoscaled(OURS).handed_over == 5


def test_a_suspension_is_stronger_than_an_autoscaler_and_remembers_its_count() -> None:
    count = autoscaled(PRESENT, suspend=True)
    assert (count.rendered, count.remembered) == (0, 5)


def test_what_an_autoscaler_sets_during_a_suspension_is_not_remembered() -> None:
    started_again = dataclasses.replace(SUSPENDED, owns_count=False, replicas=1)
    assert autoscaled(started_again, suspend=True).remembered == 5


@pytest.mark.parametrize(("count", "kept"), [(0, 1), (5, 5)])
def test_what_an_hpa_scaled_to_zero_itself_comes_back_with_one_for_it_to_go_on_from(
    count: int, kept: int
) -> None:
    spec, hpa = SPEC_SUSPENDED, dataclasses.replace(HPA, scaled_to_zero=True)
    suspended = count_owner.decide(spec, OMITTED, dataclasses.replace(PRESENT, replicas=count), hpa)
    assert (suspended.rendered, suspended.remembered) == (0, kept)
    ours = dataclasses.replace(SUSPENDED, remembered=suspended.remembered)
    assert count_owner.decide(spec, OMITTED, ours, HPA).remembered == kept, "whatever it says since"


def test_an_autoscaled_child_that_is_created_starts_with_the_declared_count() -> None:
    assert autoscaled(None).rendered == 3


@pytest.mark.parametrize("last", [6, 0])
def test_a_child_that_comes_back_has_the_count_that_was_reported_last(last: int) -> None:
    count = decide(OMITTED, None, before=Reported(last))
    assert (count.desired, count.rendered) == (last, last)


def test_a_child_that_comes_back_after_a_suspension_has_the_count_from_before() -> None:
    assert decide(OMITTED, None, before=Reported(0, resumed=5)).rendered == 5


@pytest.mark.parametrize(
    ("before", "kept"),
    [(Reported(0, resumed=5), 5), (Reported(0), 0), (count_owner.UNREPORTED, 1)],
    ids=["suspended", "scaled to zero", "lost, too"],
)
def test_a_zero_of_ours_that_lost_its_annotation_is_told_by_the_status(before: Reported, kept: int) -> None:
    bare = dataclasses.replace(SUSPENDED, remembered=None)
    assert decide(OMITTED, bare, suspend=True, before=before).remembered == kept
    assert decide(OMITTED, bare, before=before).handed_over == kept


def reported(status: dict[str, object], generation: int) -> Reported:
    return count_owner.reported(formation_status.read(status, ["worker"]), "worker", generation)


def test_what_was_reported_is_read_from_the_status() -> None:
    process = {"desiredReplicas": 0, "resumeReplicas": 5, "replicasManagedBy": "ScaledObject/jobs"}
    status = {"observedGeneration": 3, "processes": {"worker": process}}
    read = reported(status, 3)
    assert read == Reported(desired=0, resumed=5, autoscaled=True, current=True)
    assert read.count == 5
    assert reported({"observedGeneration": -1}, 1) == count_owner.UNREPORTED


@pytest.mark.parametrize("count", [-1, 2**31, 10**30, "5", 5.0, True])
def test_what_cannot_be_a_count_was_not_reported(count: object) -> None:
    process = {"desiredReplicas": count, "resumeReplicas": count}
    assert reported({"processes": {"worker": process}}, 1) == count_owner.UNREPORTED
