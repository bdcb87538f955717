"""How a release is: its part of the status, and why the Formation isn't as declared.  Pure."""

from collections.abc import Mapping, Sequence

from formation_operator.api.commands import DEADLINE
from formation_operator.api.content import Mark
from formation_operator.api.formation_status import ReleaseStatus
from formation_operator.api.reasons import ReleaseState, State, Trouble
from formation_operator.diagnose import job_pods
from formation_operator.diagnose.finding import Finding
from formation_operator.kube import errors
from formation_operator.kube.objects import lenient
from formation_operator.observe.faults import Problem
from formation_operator.observe.jobs import Job
from formation_operator.observe.snapshot import Snapshot
from formation_operator.rollout import revisions
from formation_operator.rollout.gate import Act, Decision, Gate
from formation_operator.rollout.rollout import Rollout

HELD = "the release command starts once spec.suspend is false"
EARLIER = "this is the command of an earlier deploy; the newest deploy's command runs after it"
RIGHTS = errors.rights_for(revisions.JOBS)
UNKNOWN = Finding(
    State.RUNNING,
    Trouble.REFUSED,
    f"the operator may not list Jobs, so the state of this one isn't known: {RIGHTS}",
    lasting=True,
)


def health(
    snapshot: Snapshot, rollout: Rollout, released: Mark | None, causes: Mapping[str, Finding]
) -> tuple[ReleaseStatus | None, Sequence[Problem]]:
    """Return the status of the release, and why the Formation isn't as declared.

    ``released`` names what was let through last; ``causes`` say why Jobs aren't done.
    """
    spec, gate, decision = snapshot.spec, rollout.gate, rollout.decision
    if gate is None or decision is None:
        is_without = spec.release is None and rollout.content.is_declared and not spec.paused
        return None if is_without else snapshot.status.release, rollout.problems
    if decision.state is ReleaseState.SUCCEEDED:
        return _succeeded(snapshot, gate), rollout.problems[1:]
    failure, *others = *rollout.problems, None
    job = rollout.job
    cause = causes.get(job.name) if job is not None else None
    problem = _problem(snapshot, gate, decision, cause, failure, has_released=released is not None)
    status = _status(decision.state, released.digest if released else None, job)
    changes = {
        "running": job.digest if job else gate.digest,
        "reason": lenient.shown(problem.reason, lenient.LONGEST_WORD),
        "message": lenient.shown(problem.message),
    }
    return status.model_copy(update=changes), [problem, *filter(None, others)]


def _problem(  # noqa: PLR0913
    snapshot: Snapshot,
    gate: Gate,
    decision: Decision,
    cause: Finding | None,
    failure: Problem | None,
    *,
    has_released: bool,
) -> Problem:
    """Return why the release isn't done; ``failure`` is why its next step couldn't be taken."""
    job = decision.job
    match decision.state:
        case ReleaseState.FAILED if job is not None:
            return Problem(
                "", Trouble.RELEASE_FAILED, _failure(snapshot, job, cause, has_released=has_released)
            )
        case ReleaseState.RUNNING if job is not None:
            cause = UNKNOWN if job.is_under_way and snapshot.hides_jobs else cause
            return _unfinished(job, cause, is_earlier=not gate.fits(job))
        case ReleaseState.HELD:
            return Problem("", Trouble.RELEASE_HELD, HELD, lasting=False)
    text = "it starts"
    if job is not None and decision.act is not Act.LEAVE:
        text = f"the release command starts once Job {job.name} and its Pods are gone"
    return failure or Problem("", Trouble.RELEASING, text, lasting=False)


def _status(state: ReleaseState, released: str | None, job: Job | None) -> ReleaseStatus:
    if job is None:
        return ReleaseStatus(state=state, released=released)
    times = {"started_at": job.created_at, "finished_at": job.finished_at or None}
    return ReleaseStatus(state=state, released=released, job=job.name, **times)


def _succeeded(snapshot: Snapshot, gate: Gate) -> ReleaseStatus:
    """Return the status of a content that is released, with the Job that did it, if there was one."""
    before = snapshot.status.release
    done = (each for each in reversed(gate.jobs) if each.complete and each.digest == gate.digest)
    job = next(done, None)
    if job is None and before and (before.released, before.state) == (gate.digest, ReleaseState.SUCCEEDED):
        return before
    return _status(ReleaseState.SUCCEEDED, gate.digest, job)


def _unfinished(job: Job, cause: Finding | None, *, is_earlier: bool) -> Problem:
    """Return why a Job isn't done: it has the reason of its Pod if that isn't well."""
    waits = cause is not None and cause.waits
    where = "" if cause or is_earlier else f" in Job {job.name}"
    why = [f"the release command {'waits' if waits else 'runs'}{where}", cause.message if cause else ""]
    end = [f"to end the command: kubectl delete job {job.name}"] if is_earlier or waits else []
    message = "; ".join([": ".join(filter(None, why)), *[EARLIER] * is_earlier, *end])
    if cause is None:
        return Problem("", Trouble.RELEASING, message, lasting=False)
    return Problem("", cause.reason, message, lasting=cause.lasting)


def _failure(snapshot: Snapshot, job: Job, cause: Finding | None, *, has_released: bool) -> str:
    """Return why a release has failed, with the ways out; its Pod may be gone, but the status remembers."""
    before, owner = snapshot.status.release, snapshot.owner
    if cause is None and before and (before.job, before.finished_at) == (job.name, job.finished_at):
        return before.message or ""
    release = snapshot.spec.release
    seconds = (release and release.active_deadline_seconds) or DEADLINE
    why = job_pods.by_its_controller(job, "spec.release", seconds)
    if cause is not None and not job_pods.ran_too_long(job):
        why = cause.message
    back = f"go back (kubectl formation rollback {owner.name}), "
    return (
        f"the release command has failed: {why}; nothing has changed. Correct it and deploy again, "
        f"{back if has_released else ''}"
        f"or try it again (kubectl delete job {job.name})"
    )
