"""Which key gets the next worker: keys wait in lanes by urgency, and namespaces take turns within a lane.

A lane gets turns although another one isn't empty, and so does a namespace.  Every operation costs the same
however many keys wait, and only keys that wait or have a worker take memory.
"""

import collections

from formation_operator.kube.objects.kinds import Key
from formation_operator.requeue import Lane

TURNS = 8
"""Each lane with a key that may run gets at least one of so many turns in a row."""


class Lanes:
    """The keys that wait, and those that have a worker."""

    def __init__(self, workers: int) -> None:
        """Take how many keys may have a worker at the same time.

        A namespace's share is a quarter of the workers, and at least one.  A namespace may have more while no
        other one waits, but the last quarter of the workers is kept for namespaces with less than a share, so
        that they needn't wait for a pass to end.  That quarter never runs reports, which may be slow.
        """
        self._workers = workers
        self._kept = workers // 4
        self._share = max(1, self._kept)
        self._most_reports = workers - self._kept
        self._queued: dict[Key, Lane] = {}
        self._running: dict[Key, Lane] = {}
        # Finding the first key of a plain dict takes time for each key that was removed before it.
        self._waiting: dict[Lane, collections.OrderedDict[str, collections.OrderedDict[Key, None]]] = {
            lane: collections.OrderedDict() for lane in Lane
        }
        self._passed = dict.fromkeys(Lane, 0)

    def __contains__(self, key: Key) -> bool:
        """Return whether a key waits, or will when its pass has ended."""
        return key in self._queued

    def depth(self, lane: Lane) -> int:
        """Return how many keys of a lane wait, or will; any thread may call this."""
        return sum(each is lane for each in [*self._queued.values()])

    def add(self, key: Key, lane: Lane) -> None:
        """Add a key to a lane, unless it already waits in that lane or a more urgent one."""
        before = self._queued.get(key)
        if before is not None and before <= lane:
            return
        if key not in self._running:
            if before is not None:
                self._leave(key, before)
            self._enter(key, lane)
        self._queued[key] = lane

    def discard(self, key: Key) -> None:
        """Remove a key that waits."""
        lane = self._queued.pop(key, None)
        if lane is not None and key not in self._running:
            self._leave(key, lane)

    def take(self) -> Key | None:
        """Give a worker to the key whose turn it is, and return it; nothing if none may have one now."""
        free = self._workers - len(self._running)
        if not free:
            return None
        held = collections.Counter(namespace for namespace, _ in self._running)
        full = [*self._running.values()].count(Lane.REPORT) == self._most_reports
        lanes = [lane for lane in self._order() if not (full and lane is Lane.REPORT)]
        for lane in lanes:
            # Few namespaces are passed over: not many can have a whole share of the workers.
            for namespace in self._waiting[lane]:
                if held[namespace] < self._share:
                    return self._start(lane, namespace)
        if free > self._kept:
            for lane in lanes:
                for namespace in self._waiting[lane]:
                    return self._start(lane, namespace)
        return None

    def done(self, key: Key) -> None:
        """Take the worker back; a key that was added meanwhile waits again."""
        del self._running[key]
        if key in self._queued:
            self._enter(key, self._queued[key])

    def _order(self) -> list[Lane]:
        """Return the lanes in the order of their turns: those that were passed over, then by urgency."""
        # All lanes may be due at the same time: the last of them still gets its turn in time.
        due = TURNS - len(Lane)
        return sorted(Lane, key=lambda lane: -self._passed[lane] if self._passed[lane] >= due else 0)

    def _start(self, lane: Lane, namespace: str) -> Key:
        key = next(iter(self._waiting[lane][namespace]))
        self._waiting[lane].move_to_end(namespace)
        self._leave(key, lane)
        del self._queued[key]
        for other in Lane:
            self._passed[other] = self._passed[other] + 1 if self._waiting[other] else 0
        self._passed[lane] = 0
        self._running[key] = lane
        return key

    def _enter(self, key: Key, lane: Lane) -> None:
        self._waiting[lane].setdefault(key[0], collections.OrderedDict())[key] = None

    def _leave(self, key: Key, lane: Lane) -> None:
        keys = self._waiting[lane][key[0]]
        del keys[key]
        if not keys:
            del self._waiting[lane][key[0]]
