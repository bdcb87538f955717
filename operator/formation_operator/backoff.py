"""Back-off: growing pauses between tries, so that an overloaded server can recover."""

import dataclasses
import random
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


def doubled(before: float | None, first: float, most: float) -> float:
    """Return the pause after a pause of ``before`` seconds: twice that, up to ``most``; else ``first``."""
    return first if before is None else min(2 * before, most)


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


def tried(
    before: Tried[T] | None, what: object, found: T, now: float, pauses: tuple[float, float]
) -> Tried[T]:
    """Return a try, after which the pause is twice as long as after the same one before it.

    ``pauses`` are the first and the longest.
    """
    pause = before.pause if before is not None and before.what == what else None
    return Tried(what, found, now, doubled(pause, *pauses))


class Backoff:
    """Pauses of one kind of try: each is twice as long as the one before, up to a limit."""

    def __init__(self, first: float, most: float, chance: Callable[[], float] = random.random) -> None:
        """Take the first and the longest pause in seconds, and what gives a number from 0 to 1.

        Up to half of a pause is taken away at random, so that replicas don't all try at the same moment.
        """
        self._first = first
        self._most = most
        self._chance = chance
        self._next = first

    def pause(self) -> float:
        """Return for how many seconds to wait before the next try."""
        seconds, self._next = self._next, doubled(self._next, self._first, self._most)
        return seconds * (1 - self._chance() / 2)

    def reset(self) -> None:
        """Start with the first pause again, because a try has succeeded."""
        self._next = self._first
