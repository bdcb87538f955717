"""A memory of limited size that namespaces share: a namespace that overfills it loses its own entries.

What an entry takes is estimated, too.
"""

import collections
import heapq
import sys
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
USUAL_SIZE = 512
"""Bytes of memory that an object, or a part of it such as a container, takes without its texts."""


class Shares(Generic[K, V]):
    """Remembers the latest entries, at most a size for all; the namespace that has most loses its oldest.

    So a namespace that holds no more than an even share loses nothing, whatever happens in others.
    """

    def __init__(self, most: int, least: int = 1) -> None:
        """Take the size of all namespaces' entries together, and what the smallest entry counts as."""
        self._most = most
        self._least = least
        self._size = 0
        self._held: dict[str, collections.OrderedDict[K, tuple[V, int]]] = {}
        self._sizes: collections.Counter[str] = collections.Counter()
        self._fullest: list[tuple[int, str]] = []
        """A heap of negative sizes with their namespaces; outdated pairs are skipped."""

    def __len__(self) -> int:
        """Return the size of all entries."""
        return self._size

    def get(self, namespace: str, key: K) -> V | None:
        """Return an entry, or nothing if there is none."""
        held = self._held.get(namespace)
        entry = held.get(key) if held is not None else None
        return entry[0] if entry is not None else None

    def put(self, namespace: str, key: K, value: V, size: int = 1) -> list[tuple[str, K]]:
        """Add an entry as the latest; return namespace and key of the entries that were dropped for it."""
        self.pop(namespace, key)
        size = max(size, self._least)
        self._held.setdefault(namespace, collections.OrderedDict())[key] = value, size
        self._resized(namespace, size)
        gone = []
        while self._size > self._most:
            while self._sizes.get(self._fullest[0][1]) != -self._fullest[0][0]:
                heapq.heappop(self._fullest)  # it is outdated
            fullest = self._fullest[0][1]
            oldest = next(iter(self._held[fullest]))
            self.pop(fullest, oldest)
            gone.append((fullest, oldest))
        return gone

    def pop(self, namespace: str, key: K) -> V | None:
        """Drop an entry and return it; nothing if there is none."""
        held = self._held.get(namespace)
        if held is None or key not in held:
            return None
        value, size = held.pop(key)
        self._resized(namespace, -size)
        return value

    def take(self, namespace: str) -> V | None:
        """Drop the oldest entry of a namespace and return it; nothing if there is none."""
        held = self._held.get(namespace)
        return self.pop(namespace, next(iter(held))) if held else None

    def _resized(self, namespace: str, by: int) -> None:
        self._size += by
        self._sizes[namespace] += by
        if not self._held[namespace]:
            del self._held[namespace], self._sizes[namespace]
        elif len(self._fullest) > 2 * len(self._sizes):  # most are outdated
            self._fullest = [(-size, each) for each, size in self._sizes.items()]
            heapq.heapify(self._fullest)
        else:
            heapq.heappush(self._fullest, (-self._sizes[namespace], namespace))


def size_of(fact: Any) -> int:
    """Return an estimate of the bytes of memory that facts take; most of them are texts."""
    if isinstance(fact, str):
        return sys.getsizeof(fact)
    if isinstance(fact, tuple):
        return sum(map(size_of, fact))
    fields = getattr(type(fact), "__slots__", ())  # as a record of facts has them, and no number
    parts = [getattr(fact, field) for field in fields]
    return USUAL_SIZE + sum(map(size_of, filter(None, parts))) if fields else 0
