"""When a Formation that was there before there were revisions gets its first one.

After an upgrade that is all of them, and nobody waits for any.
"""

import math

PAUSE = 0.04
"""Seconds between the turns of two Formations of one namespace, while no other namespace has any."""


class Turns:
    """Gives turns one after the other, to a new namespace before most of those that another still has."""

    def __init__(self) -> None:
        self._latest: dict[str, float] = {}
        """The latest turn of each namespace."""
        self._first = -math.inf
        """The first turn of the newest namespace."""

    def next(self, namespace: str, now: float) -> float:
        """Return when the next Formation of a namespace has its turn, by the clock that ``now`` is of."""
        before = self._latest.get(namespace)
        if before is None:
            self._first = turn = max(now, self._first + PAUSE)
        else:
            turn = max(now, before + PAUSE * len(self._latest))
        self._latest[namespace] = turn
        return turn
