"""Back-off: growing delays between attempts, so that an overloaded server can recover."""

import dataclasses
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
Delays = tuple[float, float]
"""The first and the longest, in seconds."""
Chance = Callable[[], float]
"""Gives a number from 0 to 1."""


@dataclasses.dataclass(frozen=True, slots=True)
class Attempt(Generic[T]):
    """What was attempted last, and when it is attempted again."""

    what: object
    """Equal for equal attempts: anything else is attempted at once."""
    found: T
    """What came of it."""
    at: float
    """In seconds."""
    delay: float

    def remaining(self, what: object, now: float) -> float:
        """Return for how many seconds an attempt has to wait, by a clock that nobody sets."""
        return max(0.0, self.at + self.delay - now) if self.what == what else 0.0


def attempt(  # noqa: PLR0913, PLR0917  # the last one breaks a rhythm
    last: Attempt[T] | None, what: object, found: T, now: float, delays: Delays, chance: Chance = lambda: 0.0
) -> Attempt[T]:
    """Return an attempt, with twice the delay of the ``last`` one if that was the same.

    Up to half of a delay is taken away by ``chance``, so that replicas don't all try at the same moment.
    """
    first, most = delays
    delay = min(2 * last.delay, most) if last is not None and last.what == what else first
    return Attempt(what, found, now - delay * chance() / 2, delay)
