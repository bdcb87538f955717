"""How far a one-off process has come, from its Pod."""

import dataclasses

from formation_cli.failures import NO_COMMAND, NOT_STARTED
from formation_cli.objects import Object
from formation_cli.views import pod_state, processes
from formation_operator.kube.objects import lenient

MISSING = ("not found", "no such file")
"""How a runtime says that there is no such command."""


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
    own = pod_state.container_status(pod)
    ended = lenient.mapping(own, "state", "terminated")
    if ended:
        why = _not_run(ended)
        code = _code_of(why) if why else lenient.number(ended, "exitCode")
        return Stage(started=True, exit_code=code, failure=why)
    status = lenient.mapping(pod, "status")
    if status.get("phase") == "Failed":
        why = lenient.text(status, "message") or lenient.text(status, "reason") or "its Pod failed"
        return Stage(started=False, failure=why)
    waiting = lenient.mapping(own, "state", "waiting")
    if lenient.text(waiting, "reason") not in processes.COMING:
        why = f"{lenient.text(waiting, 'reason')}: {lenient.text(waiting, 'message')}"
        return Stage(started=False, failure=why.rstrip(": "))
    return Stage(started="running" in lenient.mapping(own, "state"), waits=pod_state.unscheduled(status))


def _not_run(ended: Object) -> str:
    """Return why a process wasn't even begun, if so: its program isn't in the image, or the like."""
    reason = lenient.text(ended, "reason")
    begun = reason not in ("StartError", "ContainerCannotRun")
    return "" if begun else lenient.text(ended, "message") or reason


def _code_of(why: str) -> int:
    """Return what a shell ends with that can't begin a command: whether there is none, or it can't be run."""
    return NO_COMMAND if any(each in why.lower() for each in MISSING) else NOT_STARTED
