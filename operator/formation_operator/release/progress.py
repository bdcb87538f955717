"""What is said of a release: its part of the status, and why the Formation isn't as declared.  Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from formation_operator.api.formation import DEADLINE, Formation
from formation_operator.api.formation_status import ReleaseStatus
from formation_operator.api.reasons import ReleaseState, Trouble
from formation_operator.diagnose.job_cause import Cause
from formation_operator.kube.objects import lenient
from formation_operator.observe.faults import Problem
from formation_operator.observe.jobs import Job
from formation_operator.release import gate
from formation_operator.release.gate import Decision, Phase

HELD = "the release command starts once spec.suspend is false"
EARLIER = "it releases an earlier content; the newest is released after it"
ENDS = "to end it: kubectl delete job {}"


class Progress(NamedTuple):
    """How a release goes."""

    status: ReleaseStatus
    problem: Problem | None = None


def progress(  # noqa: PLR0913  # all that is known of it
    formation: Formation,
    decision: Decision,
    *,
    wanted: str,
    released: str,
    key: str,
    before: ReleaseStatus,
    cause: Cause,
    jobs: Sequence[Job] = (),
) -> Progress:
    """Return what is said of a release, given the digests of the wanted and of the last released content."""
    job = decision.job
    match decision.phase:
        case Phase.OPEN:
            return Progress(_succeeded(wanted, before, jobs))
        case Phase.FAILED if job is not None:
            message = _failure(formation, job, cause, before, nothing_runs=not released)
            problem = Problem("", Trouble.RELEASE_FAILED, message)
            return Progress(_status(ReleaseState.FAILED, wanted, released, problem, job), problem)
        case Phase.RUNNING if job is not None:
            problem = _unfinished(job, cause, is_earlier=not gate.fits(job, wanted, key))
            return Progress(_status(ReleaseState.RUNNING, job.digest, released, problem, job), problem)
        case Phase.HELD:
            problem = Problem("", Trouble.RELEASE_HELD, HELD, lasting=False)
            return Progress(_status(ReleaseState.HELD, wanted, released, problem), problem)
    message = cause.message or _ending(job)
    problem = Problem("", cause.reason or Trouble.RELEASING, message, lasting=cause.lasting)
    return Progress(_status(ReleaseState.WAITING, wanted, released, problem), problem)


def _status(
    state: ReleaseState, running: str, released: str, problem: Problem | None, job: Job | None = None
) -> ReleaseStatus:
    return ReleaseStatus(
        state=state,
        job=job.name if job else None,
        released=released or None,
        running=running or None,
        reason=lenient.shown(problem.reason, lenient.LONGEST_WORD) if problem else None,
        message=lenient.shown(problem.message) if problem else None,
        started_at=job.created_at if job else None,
        finished_at=(job.finished_at or None) if job else None,
    )


def _succeeded(wanted: str, before: ReleaseStatus, jobs: Sequence[Job]) -> ReleaseStatus:
    """Return the status of a content that is released, with the Job that did it, if there was one."""
    job = next((each for each in reversed(jobs) if each.complete and each.digest == wanted), None)
    if job is not None:
        return _status(ReleaseState.SUCCEEDED, "", wanted, None, job)
    if before.released == wanted and before.state == ReleaseState.SUCCEEDED:
        return before
    return ReleaseStatus(state=ReleaseState.SUCCEEDED, released=wanted)


def _unfinished(job: Job, cause: Cause, *, is_earlier: bool) -> Problem:
    """Return why a Job isn't done: it has the reason of its Pod if that isn't well."""
    said = [
        f"the release command {'waits' if cause.waits else 'runs'} in Job {job.name} since {job.created_at}",
        EARLIER if is_earlier else "",
        cause.message,
        ENDS.format(job.name) if is_earlier or cause.waits else "",
    ]
    message = ": ".join(filter(None, said))
    return Problem("", cause.reason or Trouble.RELEASING, message, lasting=cause.lasting)


def _ending(job: Job | None) -> str:
    return f"the release command starts once Job {job.name} and its Pods are gone" if job else "it starts"


def _failure(
    formation: Formation, job: Job, cause: Cause, before: ReleaseStatus, *, nothing_runs: bool
) -> str:
    """Return why a release has failed, with the ways out; its Pod may be gone, but the status remembers."""
    if not cause.message and before.job == job.name and before.finished_at == job.finished_at:
        return before.message or ""
    reason, said = job.failed or ("", "")
    why = cause.message or said or reason
    if reason == "DeadlineExceeded":
        release = formation.spec.release
        seconds = (release and release.active_deadline_seconds) or DEADLINE
        why = f"it ran longer than spec.release.activeDeadlineSeconds allows ({seconds} s)"
    else_ = "nothing has changed" if nothing_runs else "what was released before keeps running"
    back = "" if nothing_runs else f"go back (kubectl formation rollback {formation.metadata.name}), "
    return (
        f"the release command has failed: {why}; {else_}. Correct it and deploy again, {back}"
        f"or try it again (kubectl delete job {job.name})"
    )
