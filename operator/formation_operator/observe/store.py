"""The newest known version of each object of one kind, in whatever order versions come.

They come from three sides (a watch, a list now and then, the answers to our own writes), and each may be
late.  So an object is taken only if it is newer than what is known, its deletion included: resource versions
of one kind are numbers that grow.
"""

import dataclasses
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from formation_operator.kube.objects.kinds import Key
from formation_operator.shares import Shares

T = TypeVar("T")
REMEMBERED = 16384
"""How many deletions of a kind are remembered: a list of many Pods is under way for longer than a moment.

Each namespace has its share, so nobody who makes and deletes many objects has those of others come back.
"""


@dataclasses.dataclass(frozen=True)
class Change(Generic[T]):
    """That something newer came."""

    before: T | None
    """What was known until then, if anything."""
    now: T | None
    """What is known now, if the object isn't gone."""

    @property
    def facts(self) -> list[T]:
        """What was known and what is, as far as there is either."""
        return [fact for fact in (self.before, self.now) if fact is not None]


class Tombstone(NamedTuple):
    """That an object was deleted, at this version or after it.

    An object that only lost our labels is reported as deleted under the version that it still has.
    """

    version: int = 0
    missed_by: str = ""
    """Uid of the owner to whom it was lost by somebody else's doing."""


Bound = Shares[tuple["Store[Any]", str], None]
"""Keeps the memory of objects down, of one kind or of several together; by store and name."""


@dataclasses.dataclass(frozen=True)
class Limit(Generic[T]):
    """How much of a kind is kept: the oldest of too many objects is forgotten, or reduced."""

    bound: Bound
    size_of: Callable[[T], int]
    """What an object takes of the bound; one that takes nothing is kept in any case."""
    reduced: Callable[[T], T] | None = None
    """What is kept of one of too many, in the same groups, and takes nothing."""


class Store(Generic[T]):
    """The objects of a kind by namespace and name, and by what else they are looked for."""

    def __init__(
        self,
        key_of: Callable[[T], Key],
        version_of: Callable[[T], int],
        groups_of: Callable[[T], Iterable[Hashable]],
        limit: Limit[T] | None = None,
    ) -> None:
        """Take what gives an object's name, its resource version, and the groups that it is in."""
        self.known: dict[Key, T] = {}
        self._key_of = key_of
        self._version_of = version_of
        self._groups_of = groups_of
        self._limit = limit
        self._groups: dict[Hashable, dict[Key, T]] = {}
        self._tombstones: Shares[str, Tombstone] = Shares(REMEMBERED)

    def within(self, group: Hashable) -> Mapping[Key, T]:
        """Return the objects of a group, as they are until the next change."""
        return self._groups.get(group, {})

    def latest(self, key: Key) -> int:
        """Return the latest version that is known of a name, be it of a deletion; 0 if none is."""
        known = self.known.get(key)
        return self._tombstone(key).version if known is None else self._version_of(known)

    def missed_by(self, key: Key) -> str:
        """Return the uid of the owner that lost what had a name; nothing if it's there again."""
        return self._tombstone(key).missed_by

    def is_newer(self, key: Key, version: int, as_of: int = 0) -> bool:
        """Tell whether an object of a name and a version is newer than what is known of the name.

        A list is right about all that was known before its own version (``as_of``), even if it has an older
        version of an object: a cluster that was restored from a backup looks like that.
        """
        known, latest = self.known.get(key), self.latest(key)
        if latest <= as_of:
            return known is None or version != latest
        return version > latest or (version == latest and known is None)

    def put(self, item: T, as_of: int = 0) -> Change[T] | None:
        """Take an object, of a list as of a version or by itself; return nothing if it isn't newer."""
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

    def drop(self, key: Key, version: int, missed_by: str | None = None) -> Change[T] | None:
        """Forget what was deleted under a version; return nothing if something later is known of its name.

        Who misses it stays as it was if that isn't said.
        """
        if version < self.latest(key):
            return None
        # The answer to an older write of ours may still be on its way.
        missed_by = self.missed_by(key) if missed_by is None else missed_by
        self._tombstones.put(*key, Tombstone(version, missed_by))
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
        """Forget an object, or keep less of it; that is no change."""
        known, limit = self.known[key], self._limit
        if limit is None or not limit.size_of(known):
            return
        if limit.reduced is None:
            self._forget(key)
            return
        self.known[key] = less = limit.reduced(known)
        for group in self._groups_of(less):
            self._groups[group][key] = less

    def _tombstone(self, key: Key) -> Tombstone:
        return self._tombstones.get(*key) or Tombstone()

    def _forget(self, key: Key) -> T | None:
        """Take an object out as if it had never come, and return it."""
        # Each group goes with its last one: names come and go for years.
        known = self.known.pop(key, None)
        for group in self._groups_of(known) if known is not None else ():
            members = self._groups.get(group, {})
            members.pop(key, None)
            if not members:
                self._groups.pop(group, None)
        if self._limit is not None:
            self._limit.bound.pop(key[0], (self, key[1]))
        return known
