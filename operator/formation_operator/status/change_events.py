"""Which changes of the status are told by an Event, and in which words."""

from collections.abc import Iterator
from typing import Any

from formation_operator.api.reasons import ConditionType, Reason, State, Trouble
from formation_operator.kube.notices import Notice
from formation_operator.status import conditions

ALARMING = (State.CRASHING, State.UNREADY, State.UNSCHEDULABLE)


def notices(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Notice]:
    """Yield an Event for each type whose state or reason differs between two statuses.

    A type that begins without trouble isn't worth one.  Another is about commands that leave the foreground.
    """
    yield from _daemonizing(before, after)
    known = before.get("processes") or {}
    for name, process in (after.get("processes") or {}).items():
        previous = known.get(name) or {}
        if "state" not in process or _told(previous) == _told(process):
            continue
        if "state" in previous or _cause(process):
            yield _notice(name, process)


def _daemonizing(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Notice]:
    known, found = (conditions.find(status, ConditionType.DAEMONIZING) for status in (before, after))
    if found.get("message") not in (None, known.get("message")):
        yield Notice(found["reason"], ConditionType.DAEMONIZING, found["message"], warning=True)


def _told(process: dict[str, Any]) -> tuple[str, str]:
    return process.get("state", ""), _cause(process)


def _cause(process: dict[str, Any]) -> str:
    """Return why a type isn't well, or nothing in the ordinary course of things."""
    reason = str(process.get("reason", ""))
    return "" if reason in (Reason.PROGRESSING, Trouble.PAUSED) else reason


def _notice(name: str, process: dict[str, Any]) -> Notice:
    state, cause = _told(process)
    return Notice(
        reason=cause if cause and state not in ALARMING else state,
        action=cause or state,
        note=f"{name}: {process['message'] if cause else _words(process)}",
        warning=bool(cause),
        topic=f"{name}/{state}/{cause}",
    )


def _words(process: dict[str, Any]) -> str:
    match process["state"]:
        case State.RUNNING:
            # During a rollout there may be more for a moment.
            ready, desired = process["readyReplicas"], process["desiredReplicas"]
            return f"{min(ready, desired)} of {desired} run"
        case State.SUSPENDED:
            return "suspended: no process runs until spec.suspend is false again"
        case State.IDLE:
            return "idle: its count is 0"
    return f"starting: {process['message']}"
