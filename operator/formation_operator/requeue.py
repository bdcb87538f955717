"""The request for a pass of a Formation: how urgent it is, and after what time; and how a pass ended."""

import dataclasses
import enum
from collections.abc import Mapping
from typing import NamedTuple


class Lane(enum.IntEnum):
    """How urgent a pass is; the lower goes first."""

    CHANGE = 0
    """A spec is another, or the count of a child."""
    BUILD = 1
    """A Formation is new, or something of it is missing or isn't as it was written."""
    REPORT = 2
    """Figures are others, or something is tried again."""


class Requeue(NamedTuple):
    """The wish for another pass."""

    lane: Lane
    after: float = 0.0
    """Seconds."""


def soonest(*wishes: Requeue | None) -> Requeue | None:
    """Return one pass for all wishes: in the best of their lanes, at the first of their times."""
    made = [wish for wish in wishes if wish is not None]
    if not made:
        return None
    first = min(made, key=lambda wish: wish.after)
    return first._replace(lane=min(wish.lane for wish in made))


class Retry(enum.Enum):
    """What a pass couldn't do, and is tried again later each time."""

    NONE = "none"
    PASSING = "passing"
    """Waiting may be enough for some of it."""
    LASTING = "lasting"
    """Waiting won't fix any of it."""


@dataclasses.dataclass(frozen=True)
class Result:
    """What a pass came to."""

    requeue: Requeue | None = None
    """Another one that it needs, however it ended."""
    retry: Retry = Retry.NONE
    error: Exception | None = None
    """What ended it early, if anything did."""
    others: Mapping[tuple[str, str], Lane] = dataclasses.field(default_factory=dict)
    """The Formations, by namespace and name, that need a pass because of what it has found or written."""

    @property
    def failed(self) -> bool:
        """Whether something is to be tried again."""
        return self.retry is not Retry.NONE
