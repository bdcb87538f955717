"""Whose a count is, and what is written of it."""

import dataclasses

import pytest

from formation_operator.api.formation import ProcessType
from formation_operator.api.formation_status import UNREPORTED, ProcessStatus
from formation_operator.observe.children import Child
from formation_operator.replicas import count_owner
from formation_operator.replicas.count_owner import Replicas
from tests.unit.facts import HPA, a_child

PRESENT = a_child(replicas=5)
OURS = dataclasses.replace(PRESENT, owns_count=True)
SUSPENDED = dataclasses.replace(OURS, replicas=0, remembered=5)
BARE = dataclasses.replace(SUSPENDED, remembered=None)
DECLARED, OMITTED, SINGLETON = ProcessType(replicas=3), ProcessType(), ProcessType(singleton=True)
RESUMED = ProcessStatus(desired_replicas=0, resume_replicas=5)
Case = tuple[ProcessType, Child | None, ProcessStatus, tuple[int, int | None, int, int | None]]
# A type, its Deployment, what was reported; what is desired, written, remembered and handed over.
RUNNING: dict[str, Case] = {
    "a declared count is written": (DECLARED, None, UNREPORTED, (3, 3, 3, None)),
    "whatever somebody has set": (DECLARED, PRESENT, UNREPORTED, (3, 3, 3, None)),
    "a singleton is one": (SINGLETON, PRESENT, UNREPORTED, (1, 1, 1, None)),
    "unless it says none": (ProcessType(singleton=True, replicas=0), PRESENT, UNREPORTED, (0, 0, 0, None)),
    "an omitted count starts with one, which isn't written": (OMITTED, None, UNREPORTED, (1, None, 1, None)),
    "it is left to whoever scales": (OMITTED, PRESENT, UNREPORTED, (5, None, 5, None)),
    "one that is taken away is handed over": (OMITTED, OURS, UNREPORTED, (5, None, 5, 5)),
    "the one of before a suspension comes back with the template": (
        OMITTED,
        SUSPENDED,
        UNREPORTED,
        (5, 5, 5, None),
    ),
    "a child that comes back has the count that was reported": (
        OMITTED,
        None,
        ProcessStatus(desired_replicas=6),
        (6, 6, 6, None),
    ),
    "even zero": (OMITTED, None, ProcessStatus(desired_replicas=0), (0, 0, 0, None)),
    "or that of before a suspension": (OMITTED, None, RESUMED, (5, 5, 5, None)),
    "a zero of ours without its annotation": (OMITTED, BARE, RESUMED, (5, 5, 5, None)),
    "was zero before": (OMITTED, BARE, ProcessStatus(desired_replicas=0), (0, None, 0, 0)),
    "and is one if nothing is known": (OMITTED, BARE, UNREPORTED, (1, 1, 1, None)),
}
TO_SUSPEND: dict[str, Case] = {
    "the declared count is remembered": (DECLARED, OURS, UNREPORTED, (0, 0, 3, None)),
    "and on the second pass": (OMITTED, SUSPENDED, UNREPORTED, (0, 0, 5, None)),
    "a zero of ours without its annotation": (OMITTED, BARE, RESUMED, (0, 0, 5, None)),
    "was zero before": (OMITTED, BARE, ProcessStatus(desired_replicas=0), (0, 0, 0, None)),
    "and is one if nothing is known": (OMITTED, BARE, UNREPORTED, (0, 0, 1, None)),
}


def figures(count: Replicas) -> tuple[int, int | None, int, int | None]:
    return count.desired, count.rendered, count.remembered, count.handed_over


@pytest.mark.parametrize(("process", "child", "before", "expected"), RUNNING.values(), ids=RUNNING)
def test_the_formation_decides_about_a_declared_count_and_others_about_an_omitted_one(
    process: ProcessType, child: Child | None, before: ProcessStatus, expected: tuple[int, ...]
) -> None:
    assert figures(count_owner.decide(process, child, before=before, suspended=False)) == expected


@pytest.mark.parametrize(("process", "child", "before", "expected"), TO_SUSPEND.values(), ids=TO_SUSPEND)
def test_a_suspension_remembers_the_count_to_come_back_to(
    process: ProcessType, child: Child | None, before: ProcessStatus, expected: tuple[int, ...]
) -> None:
    assert figures(count_owner.decide(process, child, before=before, suspended=True)) == expected


RESTARTED = dataclasses.replace(SUSPENDED, owns_count=False, replicas=1)


@pytest.mark.parametrize(
    ("child", "suspend", "expected"),
    [
        pytest.param(PRESENT, False, (5, None, 5, None), id="its count is left to it though one is declared"),
        pytest.param(OURS, False, (5, None, 5, 5), id="a count of ours is handed to it as it is"),
        pytest.param(None, False, (3, 3, 3, None), id="a child is created with the declared count"),
        pytest.param(PRESENT, True, (0, 0, 5, None), id="a suspension is stronger, and remembers its count"),
        pytest.param(RESTARTED, True, (0, 0, 5, None), id="what it sets then isn't remembered"),
    ],
)
def test_an_autoscaler_decides_about_the_count_but_for_a_suspension(
    child: Child | None, suspend: bool, expected: tuple[int, ...]
) -> None:
    count = count_owner.decide(DECLARED, child, HPA, suspended=suspend)
    assert (figures(count), count.autoscaler) == (expected, HPA)


@pytest.mark.parametrize(("count", "kept"), [(0, 1), (5, 5)])
def test_what_an_hpa_scaled_to_zero_itself_comes_back_with_one_for_it_to_go_on_from(
    count: int, kept: int
) -> None:
    hpa, child = dataclasses.replace(HPA, scaled_to_zero=True), dataclasses.replace(PRESENT, replicas=count)
    suspended = count_owner.decide(OMITTED, child, hpa, suspended=True)
    assert (suspended.rendered, suspended.remembered) == (0, kept)
    ours = dataclasses.replace(SUSPENDED, remembered=suspended.remembered)
    assert count_owner.decide(OMITTED, ours, HPA, suspended=True).remembered == kept, "whatever it says since"
