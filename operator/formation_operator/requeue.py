"""Lanes, requeues and results: how urgent a pass is, when another one is due, and how one ended."""

import dataclasses
import enum
from typing import NamedTuple

REPORT_SECONDS = 1.0
"""A report waits so long after a change, and so long after the report before it."""


class Lane(enum.IntEnum):
    """How urgent a pass is; a lower value is more urgent."""

    CHANGE = 0
    """A spec has changed, or the count of a child."""
    BUILD = 1
    """A Formation is new, or a child is missing or isn't as it was written."""
    REPORT = 2
    """Only the status may change, or something is tried again."""

    @property
    def delay(self) -> float:
        """The seconds after a change until its pass: those that lead to a report are gathered."""
        return REPORT_SECONDS if self is Lane.REPORT else 0.0


class Requeue(NamedTuple):
    """That another pass is wanted."""

    lane: Lane
    after: float = 0.0
    """Seconds."""


def soonest(*wishes: Requeue | None) -> Requeue | None:
    """Return one requeue for several: with the most urgent lane, and the shortest time."""
    made = [*filter(None, wishes)]
    if not made:
        return None
    lanes, times = zip(*made, strict=True)
    return Requeue(min(lanes), min(times))


class Retry(enum.Enum):
    """Whether a pass left something undone that is tried again, with a growing back-off."""

    NONE = "none"
    PASSING = "passing"
    """Some of it may succeed after waiting."""
    LASTING = "lasting"
    """None of it succeeds by waiting."""


@dataclasses.dataclass(frozen=True)
class Result:
    """The result of a pass."""

    requeue: Requeue | None = None
    """Another pass that is wanted, however this one ended."""
    retry: Retry = Retry.NONE
