"""The newest known of each object of one kind, in whatever order it is told.

Three sides tell (a watch, a list now and then, the answers to our own writes), and each may be late.  So
what is said of an object is taken only if it is newer than what is known, its deletion included: resource
versions of one kind are numbers that grow.
"""

import dataclasses
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

from formation_operator.kube.shares import Shares
from formation_operator.observe.children import Key

T = TypeVar("T")
REMEMBERED = 16384
"""How many deletions of a kind are remembered: a list of many Pods is under way for longer than a moment.

Each namespace has its share, so nobody who makes and deletes many objects has those of others come back.
"""


@dataclasses.dataclass(frozen=True)
class Change(Generic[T]):
    """That something was news."""

    before: T | None
    """What was known until then, if anything."""


class Tombstone(NamedTuple):
    """That an object was deleted, at this version or after it."""

    version: int
    final: bool
    """Whether an object of this very version is deleted, too.

    An object that lost our labels is reported as deleted, but under the version that it still has.
    """


NEVER = Tombstone(0, final=False)


class Store(Generic[T]):
    """The objects of a kind by namespace and name, and by what else they are looked for."""

    def __init__(
        self, *, version_of: Callable[[T], int], groups_of: Callable[[T], Iterable[Hashable]]
    ) -> None:
        """Take what tells the resource version of an object, and the groups that it is in."""
        self.known: dict[Key, T] = {}
        self._version_of = version_of
        self._groups_of = groups_of
        self._groups: dict[Hashable, dict[Key, T]] = {}
        self._tombstones: Shares[str, Tombstone] = Shares(REMEMBERED)

    def within(self, group: Hashable) -> Mapping[Key, T]:
        """Return the objects of a group, as they are until something else is told."""
        return self._groups.get(group, {})

    def latest(self, key: Key) -> int:
        """Return the latest version that is known of a name, be it of a deletion; 0 if none is."""
        known = self.known.get(key)
        return self._tombstone(key).version if known is None else self._version_of(known)

    def contradicts(self, key: Key, version: int, listed: int) -> bool:
        """Tell whether a list as of a version holds an older object of a name than it did in the past."""
        return version < self.latest(key) <= listed

    def put(self, key: Key, item: T) -> Change[T] | None:
        """Take an object as it is said to be; return nothing if that is no news."""
        version, latest = self._version_of(item), self.latest(key)
        spent = key in self.known or self._tombstone(key).final
        if version < latest or (version == latest and spent):
            return None
        before = self.forget(key)
        self._tombstones.pop(*key)
        self.known[key] = item
        for group in self._groups_of(item):
            self._groups.setdefault(group, {})[key] = item
        return Change(before)

    def drop(self, key: Key, version: int, *, final: bool = False) -> Change[T] | None:
        """Forget what was deleted under a version; return nothing if something later is known of its name.

        A deletion of our own is ``final`` for the version that was known: nobody tells its own.
        """
        if version < self.latest(key):
            return None
        # The answer to an older write of ours may still be on its way.
        self._tombstones.put(*key, max(Tombstone(version, final), self._tombstone(key)))
        return Change(self.forget(key))

    def _tombstone(self, key: Key) -> Tombstone:
        return self._tombstones.get(*key) or NEVER

    def forget(self, key: Key) -> T | None:
        """Take an object out as if nobody had ever told of it, and return it."""
        # Each group goes with its last one: names come and go for years.
        known = self.known.pop(key, None)
        for group in self._groups_of(known) if known is not None else ():
            members = self._groups.get(group, {})
            members.pop(key, None)
            if not members:
                self._groups.pop(group, None)
        return known
