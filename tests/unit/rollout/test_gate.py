"""Whether a content may be rolled out, and what to do about its release."""

from typing import Any

import pytest

from formation_operator.api import naming
from formation_operator.api.reasons import ReleaseState
from formation_operator.observe import jobs
from formation_operator.observe.jobs import Job
from formation_operator.rollout.gate import Act, Decision, Gate, decide
from tests.shared.builders import a_release_job, ago, condition


def a_job(digest: str, *conditions: str, key: str = "", is_left: bool = False, **metadata: Any) -> Job:
    """Return the Job of a release, which is under way without a condition."""
    about = {"annotations": {naming.RELEASE_KEY_ANNOTATION: key or f"key-of-{digest}"}, **metadata}
    raw = a_release_job(*map(condition, conditions), digest=digest, **about)
    raw["metadata"]["labels"] |= {naming.RELEASE_LEFT_LABEL: ""} if is_left else {}
    found = jobs.job(raw)
    assert found is not None
    return found


NEW, OLD = "new", "old"
DONE, FAILS = "Complete", "Failed"
GOES: dict[str, Any] = {"deletionTimestamp": ago(0)}
RUNNING, FAILED, STUCK = a_job(NEW), a_job(NEW, FAILS), a_job(NEW, "FailureTarget")
EARLIER, EARLIER_FAILED, EARLIER_DONE = a_job(OLD), a_job(OLD, FAILS), a_job(OLD, DONE)
SAME, LATER = a_job(OLD, DONE, key="key-of-new"), a_job("later", DONE)
LEFT, GONE = a_job(NEW, FAILS, is_left=True), a_job(NEW, FAILS, is_left=True, **GOES)
ENDING, EARLIER_STUCK = a_job(OLD, **GOES), a_job(OLD, "FailureTarget", is_left=True)
WAITS, PASSES, HELD = ReleaseState.WAITING, ReleaseState.SUCCEEDED, ReleaseState.HELD
DELETE, LEAVE = Act.DELETE, Act.LEAVE
START, OPEN = Decision(WAITS, Act.START), Decision(PASSES)


def a_gate(*jobs: Job, needs_none: bool = False, suspended: bool = False, started: bool = False) -> Gate:
    return Gate(NEW, "key-of-new", needs_none, suspended, jobs, started)


CASES: dict[str, tuple[Gate, Decision]] = {
    "the first release of a content is started": (a_gate(), START),
    "a content that needs none is rolled out at once": (a_gate(needs_none=True), OPEN),
    "a release that runs is waited for": (a_gate(RUNNING), Decision(ReleaseState.RUNNING, job=RUNNING)),
    "a content is rolled out once its release has succeeded": (a_gate(a_job(NEW, DONE)), OPEN),
    "a release that was given the same counts for a newer content": (a_gate(SAME), OPEN),
    "but not if another content was released since": (a_gate(SAME, LATER), START),
    "an earlier one that hasn't started gives way to a newer one": (
        a_gate(EARLIER),
        Decision(WAITS, DELETE, EARLIER),
    ),
    "and to going back": (a_gate(EARLIER, needs_none=True), Decision(PASSES, DELETE, EARLIER)),
    "and its own to a suspension": (a_gate(RUNNING, suspended=True), Decision(HELD, DELETE, RUNNING)),
    "none starts before another one is gone": (a_gate(ENDING), Decision(WAITS, job=ENDING)),
    "nor before its Pods are": (a_gate(EARLIER_STUCK), Decision(WAITS, job=EARLIER_STUCK)),
    "a failed one isn't tried again": (a_gate(FAILED), Decision(ReleaseState.FAILED, job=FAILED)),
    "nor once the Formation is suspended": (
        a_gate(FAILED, suspended=True),
        Decision(ReleaseState.FAILED, job=FAILED),
    ),
    "it counts even if a Pod of it is still there": (a_gate(STUCK), Decision(ReleaseState.FAILED, job=STUCK)),
    "a failed one is marked by going back": (
        a_gate(EARLIER_FAILED, needs_none=True),
        Decision(PASSES, LEAVE, EARLIER_FAILED),
    ),
    "and by a newer deploy": (a_gate(EARLIER_FAILED), Decision(WAITS, LEAVE, EARLIER_FAILED)),
    "so it runs anew for anyone who comes back": (a_gate(LEFT), Decision(WAITS, DELETE, LEFT)),
    "once it is gone": (a_gate(GONE), Decision(WAITS, job=GONE)),
    "none starts while the Formation is suspended": (a_gate(suspended=True), Decision(HELD)),
    "and none is marked": (a_gate(EARLIER_FAILED, suspended=True), Decision(HELD)),
    "one that has succeeded for a content that was given up is marked": (
        a_gate(EARLIER_DONE, needs_none=True),
        Decision(PASSES, LEAVE, EARLIER_DONE),
    ),
    "but not for a newer content: its own is rolled out first": (a_gate(EARLIER_DONE), START),
}


@pytest.mark.parametrize(("gate", "decision"), CASES.values(), ids=CASES)
def test_what_is_done_follows_from_the_jobs(gate: Gate, decision: Decision) -> None:
    assert decide(gate) == decision


@pytest.mark.parametrize("needs_none", [False, True])
@pytest.mark.parametrize("suspended", [False, True])
def test_a_release_that_has_started_is_never_ended(needs_none: bool, suspended: bool) -> None:
    gate = a_gate(EARLIER, needs_none=needs_none, suspended=suspended, started=True)
    assert decide(gate).act is Act.NOTHING
