"""What may be wrong with a Pod or a Job of ours."""

import dataclasses
import re
from collections.abc import Mapping

from formation_operator.api.reasons import State

SEVERITY = (State.CRASHING, State.UNSCHEDULABLE, State.STARTING, State.UNREADY)
"""The worst state comes first."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """What is wrong with one Pod, or with a Job because of its Pods."""

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

    @property
    def waits(self) -> bool:
        """Whether no process has started."""
        return self.state in (State.STARTING, State.UNSCHEDULABLE)


def with_way_out(text: str, ways_out: Mapping[re.Pattern[str], str]) -> str:
    """Return a text with the way out, by the first of the patterns that it fits, if there is one."""
    return next((f"{text}: {way_out}" for pattern, way_out in ways_out.items() if pattern.search(text)), text)
