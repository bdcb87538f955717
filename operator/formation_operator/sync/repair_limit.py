"""A limit of repairs: otherwise two controllers that undo each other's writes would replace Pods for ever.

An object is repaired five times in any minute at most, without a pause between the repairs.
"""

import collections
from collections.abc import Iterable

FREE = 5
WINDOW = 60.0
"""At most so many repairs in so many seconds."""


class Patience:
    """Counts the repairs of each object over a sliding window."""

    def __init__(self) -> None:
        self._repairs: dict[str, collections.deque[float]] = {}

    def exhausted(self, uids: Iterable[str], now: float) -> set[str]:
        """Return those of some objects that may not be repaired now, by a clock that nobody sets."""
        repaired = {uid: self._repairs[uid] for uid in uids if uid in self._repairs}
        return {uid for uid, times in repaired.items() if len(times) == FREE and now - times[0] < WINDOW}

    def repaired(self, uid: str, now: float) -> None:
        """Count a repair."""
        repairs = self._repairs.pop(uid, None) or collections.deque(maxlen=FREE)
        repairs.append(now)
        self._repairs[uid] = repairs  # in the order of the latest repairs
        while now - self._repairs[oldest := next(iter(self._repairs))][-1] > WINDOW:
            del self._repairs[oldest]
