"""Whether a content may be rolled out, and what to do about its release."""

import pytest

from formation_operator.observe.jobs import Job
from formation_operator.release.gate import Act, Phase, Situation, decide
from tests.unit.release.jobs import a_job

NEW, OLD = "new", "old"


def a_situation(
    *jobs: Job, needs_none: bool = False, suspended: bool = False, started: bool = False
) -> Situation:
    return Situation(NEW, "key-of-new", needs_none, suspended, jobs, started)


def test_the_first_release_of_a_content_is_started() -> None:
    assert decide(a_situation()) == (Phase.STARTING, Act.START, None, None)


def test_a_content_that_needs_none_is_rolled_out_at_once() -> None:
    assert decide(a_situation(needs_none=True)).phase is Phase.OPEN


def test_a_content_is_rolled_out_once_its_release_has_succeeded() -> None:
    running = a_job(NEW)
    assert decide(a_situation(running)) == (Phase.RUNNING, Act.NOTHING, running, None)
    assert decide(a_situation(a_job(NEW, complete=True))).phase is Phase.OPEN


def test_a_release_that_was_given_the_same_counts_for_a_newer_content() -> None:
    same = a_job(OLD, complete=True, key="key-of-new")
    assert decide(a_situation(same)).phase is Phase.OPEN
    assert decide(a_situation(a_job(OLD, key="key-of-new"))).phase is Phase.RUNNING
    later = a_job("later", complete=True, created=2)
    assert decide(a_situation(same, later)).phase is Phase.STARTING, "another content was released since"


def test_a_release_that_has_started_is_never_ended_for_a_newer_content() -> None:
    earlier = a_job(OLD)
    for needs_none in (False, True):
        for suspended in (False, True):
            found = decide(a_situation(earlier, needs_none=needs_none, suspended=suspended, started=True))
            assert found.act is Act.NOTHING


@pytest.mark.parametrize("why", ["newer", "reverted", "suspended"])
def test_a_release_none_of_whose_containers_has_started_is_deleted(why: str) -> None:
    job = a_job(NEW if why == "suspended" else OLD)
    found = decide(a_situation(job, needs_none=why == "reverted", suspended=why == "suspended"))
    assert (found.act, found.target) == (Act.DELETE, job)
    assert found.phase is {"newer": Phase.ENDING, "reverted": Phase.OPEN, "suspended": Phase.HELD}[why]


def test_no_release_starts_before_another_one_and_its_pods_are_gone() -> None:
    for job in (a_job(OLD, deleting=True), a_job(OLD, failed=True, over=False, left=True)):
        assert decide(a_situation(job)) == (Phase.ENDING, Act.NOTHING, job, None)


def test_a_failed_release_isnt_tried_again_by_itself() -> None:
    failed = a_job(NEW, failed=True)
    for suspended in (False, True):
        assert decide(a_situation(failed, suspended=suspended)) == (Phase.FAILED, Act.NOTHING, failed, None)


def test_a_failed_release_counts_even_if_a_pod_of_it_is_still_there() -> None:
    assert decide(a_situation(a_job(NEW, failed=True, over=False))).phase is Phase.FAILED


def test_a_failed_release_runs_anew_for_anyone_who_comes_back_to_its_content() -> None:
    failed = a_job(OLD, failed=True)
    assert decide(a_situation(failed, needs_none=True)) == (Phase.OPEN, Act.LEAVE, None, failed)
    assert decide(a_situation(failed)) == (Phase.STARTING, Act.LEAVE, None, failed)
    left = a_job(NEW, failed=True, left=True)
    assert decide(a_situation(left)) == (Phase.ENDING, Act.DELETE, left, left)
    gone = a_job(NEW, failed=True, left=True, deleting=True)
    assert decide(a_situation(gone)) == (Phase.ENDING, Act.NOTHING, gone, None)


def test_none_starts_while_the_formation_is_suspended() -> None:
    assert decide(a_situation(suspended=True)) == (Phase.HELD, Act.NOTHING, None, None)
    assert decide(a_situation(a_job(OLD, failed=True), suspended=True)).act is Act.NOTHING


def test_one_that_has_succeeded_for_a_content_that_was_given_up_is_marked() -> None:
    done = a_job(OLD, complete=True)
    assert decide(a_situation(done, needs_none=True)) == (Phase.OPEN, Act.LEAVE, None, done)
    assert decide(a_situation(done)).act is Act.START, "its content is rolled out first"
