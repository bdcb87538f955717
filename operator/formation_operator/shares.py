"""A memory of so many entries that namespaces share: whoever overfills it forgets what is his own."""

import collections
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Shares(Generic[K, V]):
    """Remembers the latest entries, at most a number for all; the namespace that has most loses its oldest.

    So a namespace that holds no more than an even share loses nothing, whatever happens in others.
    """

    def __init__(self, most: int) -> None:
        """Take the number of entries for all namespaces together."""
        self._most = most
        self._number = 0
        self._held: dict[str, collections.OrderedDict[K, V]] = {}
        self._by_size: dict[int, dict[str, None]] = collections.defaultdict(dict)
        """The namespaces that hold so many."""
        self._largest = 0

    def __len__(self) -> int:
        """Return the number of entries."""
        return self._number

    def get(self, namespace: str, key: K) -> V | None:
        """Return an entry, if it is remembered."""
        held = self._held.get(namespace)
        return held.get(key) if held is not None else None

    def put(self, namespace: str, key: K, value: V) -> tuple[str, K] | None:
        """Remember an entry as the latest; return the namespace and key of another that had to go for it."""
        self.pop(namespace, key)
        self._held.setdefault(namespace, collections.OrderedDict())[key] = value
        self._resized(namespace, 1)
        if self._number <= self._most:
            return None
        fullest = next(iter(self._by_size[self._largest]))
        oldest = next(iter(self._held[fullest]))
        self.pop(fullest, oldest)
        return fullest, oldest

    def pop(self, namespace: str, key: K) -> V | None:
        """Forget an entry and return it, if it was remembered."""
        held = self._held.get(namespace)
        if held is None or key not in held:
            return None
        value = held.pop(key)
        self._resized(namespace, -1)
        return value

    def _resized(self, namespace: str, by: int) -> None:
        size = len(self._held[namespace])
        self._number += by
        self._by_size[size - by].pop(namespace, None)
        if size:
            self._by_size[size][namespace] = None
        else:
            del self._held[namespace]
        for each in (size - by, size):
            if not self._by_size[each]:
                del self._by_size[each]
        self._largest = max(size, self._largest)
        if self._largest not in self._by_size:
            self._largest -= 1
