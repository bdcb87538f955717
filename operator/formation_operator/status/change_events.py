"""The texts of the Events about the status: its changes, and that it is refused."""

from collections.abc import Iterator
from typing import Any

from formation_operator.api import formation_status
from formation_operator.api.formation_status import (
    CanaryStatus,
    FormationStatus,
    ProcessStatus,
    ReleaseStatus,
)
from formation_operator.api.reasons import CanaryState, ConditionType, Reason, ReleaseState, State, Trouble
from formation_operator.kube.notices import Notice
from formation_operator.kube.objects import timestamps
from formation_operator.kube.objects.deploys import Deploy
from formation_operator.status import schedule_health

ALARMING = (State.CRASHING, State.UNREADY, State.UNSCHEDULABLE)


def notices(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Notice]:
    """Yield an Event for each type whose state or reason differs between two statuses.

    A new type without trouble gets none.  Another Event is about commands that leave the foreground.
    """
    old = formation_status.read(before)
    new = formation_status.read(after)
    yield from _daemonizing(old, new)
    yield from _release(old.release, new.release)
    yield from _canary(old.canary, new.canary)
    yield from _schedules(old, new)
    for name, process in (new.processes or {}).items():
        previous, cause = old.process(name), _cause(process)
        is_same = (previous.state, _cause(previous)) == (process.state, cause)
        if process.state is not None and not is_same and (previous.state is not None or cause):
            yield _notice(name, process, process.state, cause)


def rolled_out(deploy: Deploy, now: float) -> Notice:
    """Return the Event that ends a deploy; ``now`` is in seconds since 1970."""
    begun = timestamps.epoch(deploy.at)
    took = f" after {max(0, round(now - begun))} s" if begun is not None else ""
    by = f", by {deploy.by}" if deploy.by else ""
    note = f"revision {deploy.number}: rolled out{took}{by}" + (f": {deploy.note}" if deploy.note else "")
    return Notice("RolledOut", "Deploy", note, topic=f"revision/{deploy.number}")


def refused(why: str) -> Notice:
    """Return the Event that the status can't be written."""
    note = f"the status can't be written and is out of date: {why}"
    return Notice("StatusRefused", "Report", note, warning=True, topic="status")


def _daemonizing(before: FormationStatus, after: FormationStatus) -> Iterator[Notice]:
    old, new = (status.condition(ConditionType.DAEMONIZING) for status in (before, after))
    if new is not None and (old is None or old.message != new.message):
        yield Notice(new.reason, ConditionType.DAEMONIZING, new.message, warning=True)


def _release(before: ReleaseStatus | None, now: ReleaseStatus | None) -> Iterator[Notice]:
    """Yield an Event if a release has started, succeeded or failed."""
    if now is None or now.job is None or (before and (before.job, before.state) == (now.job, now.state)):
        return
    match now.state:
        case ReleaseState.RUNNING:
            yield Notice(Trouble.RELEASING, "Release", now.message or "", topic=now.job)
        case ReleaseState.SUCCEEDED:
            note = f"the release command has succeeded in Job {now.job}: its version is rolled out"
            yield Notice("Released", "Release", note, topic=now.job)
        case ReleaseState.FAILED:
            yield Notice(Trouble.RELEASE_FAILED, "Release", now.message or "", warning=True, topic=now.job)


def _canary(before: CanaryStatus | None, now: CanaryStatus | None) -> Iterator[Notice]:
    """Yield an Event if canaries begin, or fail."""
    if now is None or now.state == (before and before.state):
        return
    has_failed = now.state == CanaryState.FAILED
    reason = Trouble.CANARY_FAILED if has_failed else Trouble.CANARY_TRYING
    yield Notice(reason, "Try", now.message or "", warning=has_failed, topic=f"canary/{now.since}")


def _schedules(before: FormationStatus, now: FormationStatus) -> Iterator[Notice]:
    """Yield an Event for each run that has failed."""
    for name, schedule in (now.schedules or {}).items():
        run = schedule_health.failed_run(schedule)
        if run and run != schedule_health.failed_run((before.schedules or {}).get(name)):
            note = f"{name}: {schedule.message}"
            yield Notice("RunFailed", "Run", note, warning=True, process_type=name, topic=f"{name}/{run}")


def _cause(process: ProcessStatus) -> str:
    """Return why a type isn't well; nothing if it is, or if it only progresses or is paused."""
    return "" if process.reason in (None, Reason.PROGRESSING, Trouble.PAUSED) else process.reason


def _notice(name: str, process: ProcessStatus, state: str, cause: str) -> Notice:
    return Notice(
        reason=cause if cause and state not in ALARMING else state,
        action=cause or state,
        note=f"{name}: {process.message if cause else _message(process)}",
        warning=bool(cause),
        process_type=name,
        topic=f"{name}/{state}/{cause}",
    )


def _message(process: ProcessStatus) -> str:
    match process.state:
        case State.RUNNING:
            # During a rollout there may be more for a moment.
            ready, desired = process.ready_replicas or 0, process.desired_replicas or 0
            return f"{min(ready, desired)} of {desired} run"
        case State.SUSPENDED:
            return "suspended: no process runs until spec.suspend is false again"
        case State.IDLE:
            return "idle: its count is 0"
    return f"starting: {process.message}"
