"""The newest known version of each object of one kind, in whatever order versions come.

Versions come from watches, from lists and from the answers to our own writes, and each may be late.  So an
object is taken only if it is newer than the known one, or than its tombstone if it was deleted: the resource
versions of one kind are numbers that grow.
"""

import dataclasses
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from formation_operator.kube.objects.kinds import Key
from formation_operator.shares import Shares

T = TypeVar("T")
REMEMBERED = 16384
"""How many tombstones of a kind are kept: a list of many Pods takes a while, and may have deleted ones.

Each namespace has its share, so one that deletes many objects doesn't displace the tombstones of others.
"""


@dataclasses.dataclass(frozen=True)
class Change(Generic[T]):
    """That an object came, changed or went."""

    before: T | None
    """What was known before, if anything."""
    now: T | None
    """What is known now; nothing if the object is gone."""

    @property
    def facts(self) -> list[T]:
        """What was known before and what is known now, without what is nothing."""
        return [fact for fact in (self.before, self.now) if fact is not None]


Bound = Shares[tuple["Store[Any]", str], None]
"""Bounds the memory of the objects of one or several kinds; by store and name."""


@dataclasses.dataclass(frozen=True)
class Limit(Generic[T]):
    """How much of a kind is kept: if there are too many objects, the oldest is forgotten, or reduced."""

    bound: Bound
    size_of: Callable[[T], int]
    """How much of the bound an object takes; one that takes nothing is always kept."""
    reduced: Callable[[T], T] | None = None
    """Returns what is kept of one of too many objects; it is in the same groups and takes nothing."""


class Store(Generic[T]):
    """The objects of a kind by namespace and name, and by groups (an index, in client-go's terms)."""

    def __init__(
        self,
        key_of: Callable[[T], Key],
        version_of: Callable[[T], int],
        groups_of: Callable[[T], Iterable[Hashable]],
        limit: Limit[T] | None = None,
    ) -> None:
        """Take functions that return an object's key, its resource version, and its groups."""
        self.known: dict[Key, T] = {}
        self._key_of = key_of
        self._version_of = version_of
        self._groups_of = groups_of
        self._limit = limit
        self._groups: dict[Hashable, dict[Key, T]] = {}
        self._tombstones: Shares[str, int] = Shares(REMEMBERED)
        """The version at which, or after which, an object was deleted: one that only lost our labels is
        reported as deleted under the version that it still has."""

    def within(self, group: Hashable) -> Mapping[Key, T]:
        """Return the objects of a group; the mapping is valid until the next change."""
        return self._groups.get(group, {})

    def latest(self, key: Key) -> int:
        """Return the latest known version of a name, which may be a tombstone's; 0 if none is known."""
        known = self.known.get(key)
        return (self._tombstones.get(*key) or 0) if known is None else self._version_of(known)

    def is_newer(self, key: Key, version: int, as_of: int = 0) -> bool:
        """Return whether an object of a name and a version is newer than what is known of the name.

        A list as of a version (``as_of``) replaces all that is older than that version, even by older
        objects: the cluster may have been restored from a backup.
        """
        known, latest = self.known.get(key), self.latest(key)
        if latest <= as_of:
            return known is None or version != latest
        return version > latest or (version == latest and known is None)

    def put(self, item: T, as_of: int = 0) -> Change[T] | None:
        """Take an object, by itself or from a list as of a version; return nothing if it isn't newer."""
        key = self._key_of(item)
        if not self.is_newer(key, self._version_of(item), as_of):
            return None
        before = self._forget(key)
        self._tombstones.pop(*key)
        self.known[key] = item
        for group in self._groups_of(item):
            self._groups.setdefault(group, {})[key] = item
        self.count(item)
        return Change(before, item)

    def drop(self, key: Key, version: int) -> Change[T] | None:
        """Replace an object by a tombstone of a version; return nothing if a later version is known."""
        if version < self.latest(key):
            return None
        # The tombstone stays: the answer to an older write of ours may still come.
        self._tombstones.put(*key, version)
        return Change(self._forget(key), None)

    def count(self, item: T) -> None:
        """Count an object as the latest that came, and make room for it."""
        if self._limit is None:
            return
        namespace, name = self._key_of(item)
        size = self._limit.size_of(item)
        if not size:
            self._limit.bound.pop(namespace, (self, name))
            return
        for place, (store, its_name) in self._limit.bound.put(namespace, (self, name), None, size):
            store._make_room((place, its_name))  # noqa: SLF001  # another of this class

    def _make_room(self, key: Key) -> None:
        """Forget an object, or reduce it, without reporting a change."""
        known, limit = self.known[key], self._limit
        if limit is None or not limit.size_of(known):
            return
        if limit.reduced is None:
            self._forget(key)
            return
        self.known[key] = less = limit.reduced(known)
        for group in self._groups_of(less):
            self._groups[group][key] = less

    def _forget(self, key: Key) -> T | None:
        """Remove an object without a tombstone, and return it."""
        # A group is removed with its last object: otherwise names would accumulate for years.
        known = self.known.pop(key, None)
        for group in self._groups_of(known) if known is not None else ():
            members = self._groups.get(group, {})
            members.pop(key, None)
            if not members:
                self._groups.pop(group, None)
        if self._limit is not None:
            self._limit.bound.pop(key[0], (self, key[1]))
        return known
