"""How often passes of one Formation may run: a rate limiter for each key.

A Formation that changes all the time would take the API server's time from others.  People, pipelines and
autoscalers are slower than this limit.  A client that changes a count as fast as it can meets it: its latest
count is applied all the same, and some of those before it are skipped.
"""

import collections

from formation_operator.kube.objects.kinds import Key

BURST = 20
"""So many passes of a key may run one after the other."""
APART = 0.2
"""Seconds between two passes after that; each pass that isn't used is regained after as many seconds."""


class Pace:
    """A leaky bucket for each key; empty buckets take no memory.

    Source of the method: the generic cell rate algorithm, https://www.itu.int/rec/T-REC-I.371
    """

    def __init__(self) -> None:
        self._empty: collections.OrderedDict[Key, float] = collections.OrderedDict()
        """When each key's bucket will be empty; the keys are in the order of their latest passes."""

    def took(self, key: Key, now: float) -> None:
        """Count a pass that starts, and drop empty buckets."""
        self._empty[key] = max(now, self._empty.pop(key, now)) + APART
        while next(iter(self._empty.values())) <= now:
            self._empty.popitem(last=False)

    def wait(self, key: Key, now: float) -> float:
        """Return the seconds until the next pass of a key may start."""
        return max(0.0, self._empty.get(key, now) - now - (BURST - 1) * APART)
