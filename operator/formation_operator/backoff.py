"""Back-off: growing pauses between tries, so that an overloaded server can recover."""

import dataclasses
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
Pauses = tuple[float, float]
"""The first and the longest, in seconds."""
Chance = Callable[[], float]
"""Gives a number from 0 to 1."""


@dataclasses.dataclass(frozen=True, slots=True)
class Tried(Generic[T]):
    """What was tried last, and when it is tried again."""

    what: object
    """Equal for equal tries: anything else is tried at once."""
    found: T
    """What came of it."""
    at: float
    """In seconds."""
    pause: float

    def remaining(self, what: object, now: float) -> float:
        """Return for how many seconds a try has to wait, by a clock that nobody sets."""
        return max(0.0, self.at + self.pause - now) if self.what == what else 0.0


def tried(  # noqa: PLR0913, PLR0917  # the last one breaks a rhythm
    before: Tried[T] | None, what: object, found: T, now: float, pauses: Pauses, chance: Chance = lambda: 0.0
) -> Tried[T]:
    """Return a try, after which the pause is twice as long as after the same one before it.

    Up to half of a pause is taken away by ``chance``, so that replicas don't all try at the same moment.
    """
    first, most = pauses
    pause = min(2 * before.pause, most) if before is not None and before.what == what else first
    return Tried(what, found, now - pause * chance() / 2, pause)
