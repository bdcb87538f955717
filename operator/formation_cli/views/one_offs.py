"""How far a one-off process has come, from its Pod."""

import dataclasses
from typing import Any

from formation_cli.views import processes
from formation_operator.kube.objects import lenient

Object = dict[str, Any]
STARTING = frozenset({"", "ContainerCreating", "PodInitializing"})
"""Why a container waits that nothing is wrong with."""


@dataclasses.dataclass(frozen=True)
class Stage:
    """Where a one-off process is."""

    started: bool
    failure: str = ""
    """Why it can't be started, if it can't."""
    exit_code: int | None = None
    """How it ended, if it has."""
    waits: str = ""
    """What it waits for, if that may take long."""


def stage(pod: Object) -> Stage:
    """Return how far a process has come that is started once."""
    own = processes.container_status(pod)
    ended = lenient.mapping(own, "state", "terminated")
    if ended:
        return Stage(started=True, exit_code=lenient.number(ended, "exitCode"), failure=_not_run(ended))
    status = lenient.mapping(pod, "status")
    if status.get("phase") == "Failed":
        why = lenient.text(status, "message") or lenient.text(status, "reason") or "its Pod failed"
        return Stage(started=False, failure=why)
    waiting = lenient.mapping(own, "state", "waiting")
    if lenient.text(waiting, "reason") not in STARTING:
        why = f"{lenient.text(waiting, 'reason')}: {lenient.text(waiting, 'message')}"
        return Stage(started=False, failure=why.rstrip(": "))
    return Stage(started="running" in lenient.mapping(own, "state"), waits=_unscheduled(status))


def _unscheduled(status: Object) -> str:
    conditions = {lenient.text(each, "type"): each for each in lenient.items(status, "conditions")}
    scheduled = conditions.get("PodScheduled", {})
    return lenient.text(scheduled, "message") if scheduled.get("status") == "False" else ""


def _not_run(ended: Object) -> str:
    """Return why a process wasn't even begun, if so: its program isn't in the image, or the like."""
    reason = lenient.text(ended, "reason")
    begun = reason not in ("StartError", "ContainerCannotRun")
    return "" if begun else lenient.text(ended, "message") or reason
