"""How a schedule is, from its CronJob and the Jobs of its runs: pure.

A run that failed is said of the schedule until one succeeds, and the Formation is ready all the same.
"""

from formation_operator.api.formation_status import ScheduleStatus
from formation_operator.api.reasons import Reason, ScheduleState, Trouble
from formation_operator.diagnose import job_pods
from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe.faults import Problem
from formation_operator.observe.jobs import Job
from formation_operator.observe.rollouts import NO_CRON_JOB_STATUS
from formation_operator.status.observation import Observation

UNRELEASED = "its CronJob is made once the release command has succeeded"
FAILED = "the run in Job {} has failed"
STUCK = "the run in Job {} is in trouble"
WAITS = "the run in Job {} waits"
PLACELESS = {
    Reason.SCHEDULING_GATED,
    Reason.UNSCHEDULABLE,
    Reason.VOLUME_PENDING,
    Reason.INITIALIZING,
    Trouble.WAITING,
}
"""Why a run waits although nothing may be wrong: a node may be on its way."""


def status(
    name: str, observation: Observation, before: ScheduleStatus | None, problem: Problem | None
) -> ScheduleStatus:
    """Return how a schedule is; ``problem`` says why it can't be written as it is meant to be."""
    child = observation.snapshot.child(ChildKind.CRON_JOB, name)
    cron_job = child.runs if child is not None else NO_CRON_JOB_STATUS
    under_way = [job for job in observation.schedules[name] if job.is_under_way and not job.deleting]
    active = max(cron_job.active, len(under_way))
    trouble, fails = _trouble(name, observation, before, under_way)
    state = ScheduleState.RUNNING if active else ScheduleState.SCHEDULED
    if child is None or problem is not None:
        state = ScheduleState.WAITING
        trouble = problem.message if problem is not None else UNRELEASED
    elif observation.desired.suspended.get(name) and not active:
        state = ScheduleState.SUSPENDED
    elif fails:
        state = ScheduleState.FAILING
    return ScheduleStatus(
        state=state,
        message=lenient.shown(trouble) if trouble else None,
        active=active,
        last_schedule_time=cron_job.last_schedule_time or None,
        last_successful_time=cron_job.last_successful_time or None,
    )


def failed_run(status: ScheduleStatus | None) -> str:
    """Return the part of a message that names a run that failed; nothing if it is about none."""
    subject, _, _ = (status.message if status is not None and status.message else "").partition(": ")
    start, end = FAILED.split("{}")
    return subject if subject.startswith(start) and subject.endswith(end) else ""


def _trouble(
    name: str, observation: Observation, before: ScheduleStatus | None, under_way: list[Job]
) -> tuple[str, bool]:
    """Return what is wrong with a run that goes on, or why the last one failed; and whether it fails."""
    for job in under_way:
        if cause := observation.causes.get(job.name):
            is_placeless = cause.reason in PLACELESS
            subject = (WAITS if is_placeless else STUCK).format(job.name)
            return f"{subject}: {cause.message}", not is_placeless
    failure = _failure(name, observation, before)
    return failure, bool(failure)


def _failure(name: str, observation: Observation, before: ScheduleStatus | None) -> str:
    """Return why the last run failed; nothing if it didn't."""
    child = observation.snapshot.child(ChildKind.CRON_JOB, name)
    ended = (job for job in observation.schedules[name] if job.finished_at)
    last = max(ended, key=lambda job: (job.finished_at, job.created, job.name), default=None)
    succeeded_at = child.runs.last_successful_time if child is not None else ""
    if last is None:
        if before is None or child is None or not failed_run(before):
            return ""
        # Its Job is gone: what was reported of it stays until another run has succeeded.
        stays = before.last_successful_time == (succeeded_at or None)
        return (before.message or "") if stays else ""
    if last.failed is None or succeeded_at > last.finished_at:
        return ""
    subject = FAILED.format(last.name)
    if cause := observation.causes.get(last.name):
        return f"{subject}: {cause.message}"
    if before is not None and failed_run(before) == subject:
        return before.message or ""
    return f"{subject}: {job_pods.by_its_controller(last, f'spec.schedules.{name}')}"
