"""How a schedule is, from its CronJob and the Jobs of its runs: pure.

A run that failed is said of the schedule until one succeeds, and the Formation is ready all the same.
"""

from formation_operator.api.formation_status import ScheduleStatus
from formation_operator.api.reasons import Reason, ScheduleState
from formation_operator.diagnose import job_pods
from formation_operator.kube.objects import lenient
from formation_operator.observe.faults import Problem
from formation_operator.observe.jobs import Job
from formation_operator.observe.rollouts import CronRuns
from formation_operator.status.observation import Scheduled

UNRELEASED = "its CronJob is made once the release command has succeeded"
FAILED = "the run in Job {} has failed"
STUCK = "the run in Job {} is in trouble"
WAITS = "the run in Job {} waits"
PLACELESS = {Reason.SCHEDULING_GATED, Reason.UNSCHEDULABLE, Reason.VOLUME_PENDING, Reason.INITIALIZING}
"""Why a run waits although nothing may be wrong: a node may be on its way."""


def status(
    name: str, this: Scheduled, before: ScheduleStatus | None, problem: Problem | None
) -> ScheduleStatus:
    """Return how a schedule is; ``problem`` says why it can't be written as it is meant to be."""
    runs = this.child.runs if this.child is not None else CronRuns()
    going_on = [job for job in this.jobs if job.is_under_way and not job.deleting]
    active, (trouble, fails) = max(runs.active, len(going_on)), _trouble(name, this, before, going_on)
    state = ScheduleState.RUNNING if active else ScheduleState.SCHEDULED
    if this.child is None or problem is not None:
        state, trouble = ScheduleState.WAITING, problem.message if problem is not None else UNRELEASED
    elif this.suspended and not active:
        state = ScheduleState.SUSPENDED
    elif fails:
        state = ScheduleState.FAILING
    return ScheduleStatus(
        state=state,
        message=lenient.shown(trouble) if trouble else None,
        active=active,
        last_schedule_time=runs.last_schedule_time or None,
        last_successful_time=runs.last_successful_time or None,
    )


def run_of(said: ScheduleStatus | None) -> str:
    """Return the part of a message that names a run that failed; nothing if it is about none."""
    known, _, _ = (said.message if said is not None and said.message else "").partition(": ")
    start, end = FAILED.split("{}")
    return known if known.startswith(start) and known.endswith(end) else ""


def _trouble(
    name: str, this: Scheduled, before: ScheduleStatus | None, going_on: list[Job]
) -> tuple[str, bool]:
    """Return what is wrong with a run that goes on, or why the last one failed; and whether it fails."""
    for job in going_on:
        if cause := this.causes.get(job.name):
            is_placeless = cause.reason in PLACELESS
            said = (WAITS if is_placeless else STUCK).format(job.name)
            return f"{said}: {cause.message}", not is_placeless
    failure = _failure(name, this, before)
    return failure, bool(failure)


def _failure(name: str, this: Scheduled, before: ScheduleStatus | None) -> str:
    """Return why the last run failed; nothing if it didn't."""
    last = max((job for job in this.jobs if job.finished_at), key=_ended, default=None)
    if last is None:
        return _known_of(this, before)
    if last.failed is None or _succeeded_since(this, last):
        return ""
    said = FAILED.format(last.name)
    if cause := this.causes.get(last.name):
        return f"{said}: {cause.message}"
    if before is not None and run_of(before) == said:
        return before.message or ""
    return f"{said}: {job_pods.by_its_controller(last, f'spec.schedules.{name}')}"


def _ended(job: Job) -> tuple[str, float, str]:
    return job.finished_at, job.created, job.name


def _known_of(this: Scheduled, before: ScheduleStatus | None) -> str:
    """Return what was said of a failed run whose Job is gone; nothing once another one has succeeded."""
    if before is None or not run_of(before) or this.child is None:
        return ""
    same = before.last_successful_time == (this.child.runs.last_successful_time or None)
    return (before.message or "") if same else ""


def _succeeded_since(this: Scheduled, failed: Job) -> bool:
    return this.child is not None and this.child.runs.last_successful_time > failed.finished_at
