"""What may be wrong with a Pod, and what kubelet recorded about it."""

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence

from formation_operator.api.reasons import State

SEVERITY = (State.CRASHING, State.UNSCHEDULABLE, State.STARTING, State.UNREADY)
"""The worst state comes first."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """What is wrong with one Pod."""

    state: State
    reason: str
    message: str
    lasting: bool = False
    """Whether waiting won't fix it."""
    last: str = ""
    """When it last happened, as an RFC 3339 time."""
    restarts: int = 0
    own: bool = True
    """Whether it is about the process itself, and not about another container."""
    gone: bool = False
    """Whether its Pod has failed as a whole, so that another one takes its place."""
    beside: "Finding | None" = None
    """What is wrong with the process itself, if another container's trouble is graver."""


@dataclasses.dataclass(frozen=True)
class PodEvent:
    """One Event about a Pod."""

    reason: str
    message: str
    last: float
    """When it was last seen, in seconds since 1970."""
    container: str = ""
    """Which container it is about; empty if none is named."""


Events = Sequence[PodEvent]


def latest(events: Events, fits: Callable[[PodEvent], bool] = bool) -> PodEvent | None:
    """Return the latest Event that fits; without a condition all do."""
    return max((event for event in events if fits(event)), key=lambda event: event.last, default=None)


def about(container: str, events: Events) -> Events:
    """Return the Events that aren't about another container."""
    return [event for event in events if event.container in ("", container)]


def with_way_out(text: str, ways_out: Mapping[re.Pattern[str], str]) -> str:
    """Return a text with the way out, by the first of the patterns that it fits, if there is one."""
    return next((f"{text}: {way_out}" for pattern, way_out in ways_out.items() if pattern.search(text)), text)
