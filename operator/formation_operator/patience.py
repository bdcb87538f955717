"""Don't fight: another client that keeps undoing our repairs is answered ever less often.

Two controllers that correct each other at full speed would load the API server and restart
Pods without end.  The first repairs come at once; after that each object gets one a minute.
"""

import collections

FREE = 5
WINDOW = 60.0
"""Repairs that come at once within so many seconds."""


class Patience:
    """Counts the repairs of each object over a sliding window."""

    def __init__(self) -> None:
        self._repairs: dict[str, collections.deque[float]] = {}

    def repair(self, uid: str, now: float) -> bool:
        """Tell whether an object may be repaired now, and count that; ``now`` is in seconds."""
        repairs = self._repairs.setdefault(uid, collections.deque(maxlen=FREE))
        if len(repairs) == FREE and now - repairs[0] < WINDOW:
            return False
        repairs.append(now)
        self._forget(now)
        return True

    def _forget(self, now: float) -> None:
        for uid in [uid for uid, repairs in self._repairs.items() if now - repairs[-1] > WINDOW]:
            del self._repairs[uid]
