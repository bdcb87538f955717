"""How often one Formation's turn comes: whoever changes it again and again changes it a little later.

Each change costs the API server as much as one of somebody else's.  People, pipelines and autoscalers don't
meet this bound; who flips a count as fast as that goes does, and of what he wants nothing is lost but what he
has taken back already.
"""

import collections

from formation_operator.kube.objects.kinds import Key

BURST = 20
"""So many passes of a key may come one right after the other."""
PAUSE = 0.2
"""Seconds between two from then on; each that isn't used comes back after as many."""


class Pace:
    """A leaky bucket for each key; only of those that aren't empty yet anything is kept.

    Source of the method: the generic cell rate algorithm, https://www.itu.int/rec/T-REC-I.371
    """

    def __init__(self) -> None:
        self._empty: collections.OrderedDict[Key, float] = collections.OrderedDict()
        """When each key's bucket will be empty; the one that was filled last is the last."""

    def took(self, key: Key, now: float) -> None:
        """Count a pass that begins, and forget whose bucket is empty."""
        self._empty[key] = max(now, self._empty.pop(key, now)) + PAUSE
        while next(iter(self._empty.values())) <= now:
            self._empty.popitem(last=False)

    def wait(self, key: Key, now: float) -> float:
        """Return the seconds until the next pass of a key may begin."""
        return max(0.0, self._empty.get(key, now) - now - (BURST - 1) * PAUSE)
