"""Don't fight, and don't flood.

Two controllers that correct each other at full speed would load the API server and restart
Pods without end: the first repairs come at once; after that each object gets one a minute.
And a process that crashes as fast as it can mustn't turn into as many writes of a status.
"""

import collections

FREE = 5
WINDOW = 60.0
"""Repairs that come at once within so many seconds."""


class Patience:
    """Counts the repairs of each object over a sliding window."""

    def __init__(self) -> None:
        self._repairs: dict[str, collections.deque[float]] = {}

    def allows(self, uid: str, now: float) -> bool:
        """Tell whether an object may be repaired now; ``now`` is in seconds."""
        repairs = self._repairs.get(uid)
        return repairs is None or len(repairs) < FREE or now - repairs[0] >= WINDOW

    def repaired(self, uid: str, now: float) -> None:
        """Count a repair."""
        self._repairs.setdefault(uid, collections.deque(maxlen=FREE)).append(now)
        self._forget(now)

    def _forget(self, now: float) -> None:
        for uid in [uid for uid, repairs in self._repairs.items() if now - repairs[-1] > WINDOW]:
            del self._repairs[uid]


STATUS_SECONDS = 1.0
"""At most one status of a Formation is written in so many seconds."""


class Pace:
    """Spaces the writes of each Formation's status."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, str], float] = {}

    def pause(self, key: tuple[str, str], now: float) -> float:
        """Return the seconds to wait before a status may be written; none counts as written now."""
        since = now - self._written.get(key, -STATUS_SECONDS)
        if 0 <= since < STATUS_SECONDS:  # a clock that was set back holds nothing up
            return STATUS_SECONDS - since
        self._written[key] = now
        return 0.0

    def forget(self, key: tuple[str, str]) -> None:
        """Drop what is remembered of a Formation that is gone."""
        self._written.pop(key, None)
