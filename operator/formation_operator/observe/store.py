"""The newest known version of each object of one kind, in whatever order versions come.

Versions come from watches, from lists and from the answers to our own writes, and each may be late.  So an
object is taken only if it is newer than the known one, or than its tombstone if it was deleted: the resource
versions of one kind are numbers that grow.
"""

import dataclasses
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from formation_operator.kube.objects.kinds import Key, Kind
from formation_operator.requeue import Lane
from formation_operator.shares import Shares

T = TypeVar("T")
REMEMBERED = 16384
"""How many tombstones of a kind are kept: a list of many Pods takes a while, and may have deleted ones.

Each namespace has its share, so one that deletes many objects doesn't displace the tombstones of others.
"""
Wanting = Callable[[Key], Mapping[Key, dict[str, Any]]]
"""Returns the Formations that want a child, by its namespace and name."""


@dataclasses.dataclass(frozen=True)
class Change(Generic[T]):
    """That an object came, changed or went."""

    kind: str
    before: T | None
    """What was known before, if anything."""
    now: T | None
    """What is known now; nothing if the object is gone."""

    @property
    def facts(self) -> list[T]:
        """What was known before and what is known now, without what is nothing."""
        return [fact for fact in (self.before, self.now) if fact is not None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Watched(Generic[T]):
    """A kind that is watched, as a record of functions."""

    kind: Kind
    """Its place in the API, and which of its objects are watched."""
    fact_of: Callable[[dict[str, Any], T | None], T | None]
    """Returns the facts of an object, given those known until now; nothing if it needn't be kept."""
    key_of: Callable[[Any], Key] = lambda fact: (fact.namespace, fact.name)
    version_of: Callable[[Any], int] = lambda fact: int(fact.resource_version)
    groups_of: Callable[[T], Iterable[Hashable]]
    """Returns the groups by which it is found, beside its name."""
    lane_of: Callable[[T | None, T | None], Lane | None] = lambda before, now: (
        Lane.REPORT if before != now else None
    )
    """Returns how urgent a change from facts to others is; nothing if it doesn't matter."""
    concerned: Callable[[T, Wanting], Iterable[Key]]
    """Returns the Formations that an object concerns."""
    most: int | None = None
    """Bytes of memory, which namespaces share: none displaces the objects of another. Without it all objects
    are kept."""
    least: int = 1
    """Bytes that the smallest object counts as, which bounds the number of objects, too."""
    size_of: Callable[[T, Wanting], int] = lambda *_: 1
    """Returns the bytes that an object takes of these; one that takes none is always kept."""
    reduced: Callable[[T], T] | None = None
    """Returns what is kept of an object without room, which takes none; without this it is forgotten."""
    is_sparse: bool = False
    """Whether most objects aren't kept, so that only kept ones leave tombstones."""


class Store(Generic[T]):
    """The objects of a kind by namespace and name, and by groups (an index, in client-go's terms)."""

    def __init__(self, of: Watched[T], wanting: Wanting) -> None:
        """Take the kind, and what returns the Formations that want a child."""
        self.items: dict[Key, T] = {}
        self._of = of
        self._wanting = wanting
        self._bound: Shares[str, None] | None = Shares(of.most, of.least) if of.most is not None else None
        self._groups: dict[Hashable, dict[Key, T] | Key] = {}
        """Nearly all have one object: its key takes a quarter of the memory of a dict."""
        self._tombstones: Shares[str, int] = Shares(REMEMBERED)
        """The version at which, or after which, an object was deleted: one that only lost our labels is
        reported as deleted under the version that it still has."""

    def within(self, group: Hashable) -> Mapping[Key, T]:
        """Return the objects of a group; the mapping is valid until the next change."""
        members = self._groups.get(group, {})
        return members if isinstance(members, dict) else {members: self.items[members]}

    def latest(self, key: Key) -> int:
        """Return the latest known version of a name, which may be a tombstone's; 0 if none is known."""
        item = self.items.get(key)
        return (self._tombstones.get(*key) or 0) if item is None else self._of.version_of(item)

    def is_newer(self, key: Key, version: int, as_of: int = 0) -> bool:
        """Return whether an object of a name and a version is newer than what is known of the name.

        A list as of a version (``as_of``) replaces all that is older than that version, even by older
        objects: the cluster may have been restored from a backup.
        """
        latest = self.latest(key)
        if latest <= as_of:
            return key not in self.items or version != latest
        return version > latest or (version == latest and key not in self.items)

    def put(self, item: T, as_of: int = 0, *, again: bool = False) -> Change[T] | None:
        """Take an object, by itself or from a list as of a version; return nothing if it isn't newer.

        Where it is read ``again``, it is taken at the known version, too.
        """
        key, version = self._of.key_of(item), self._of.version_of(item)
        if not (self.is_newer(key, version, as_of) or (again and version == self.latest(key))):
            return None
        before = self._forget(key)
        self._tombstones.pop(*key)
        self._keep(key, item)
        self.count(key)
        return Change(self._of.kind.name, before, item)

    def drop(self, key: Key, version: int) -> Change[T] | None:
        """Replace an object by a tombstone of a version; return nothing if a later version is known.

        Where few objects are kept, the others leave no tombstone: these would displace all that matter.
        """
        if version < self.latest(key) or (self._of.is_sparse and key not in self.items):
            return None
        # The tombstone stays: the answer to an older write of ours may still come.
        self._tombstones.put(*key, version)
        return Change(self._of.kind.name, self._forget(key), None)

    def count(self, key: Key) -> None:
        """Count an object, if it is known, as the latest that came, and make room for it."""
        if self._bound is None or key not in self.items:
            return
        if size := self._of.size_of(self.items[key], self._wanting):
            for oldest in self._bound.put(*key, None, size):
                self._make_room(oldest)
        else:
            self._bound.pop(*key)

    def _make_room(self, key: Key) -> None:
        """Forget an object, or reduce it, without reporting a change."""
        item = self.items[key]
        if not self._of.size_of(item, self._wanting):
            return
        self._forget(key)
        if self._of.reduced is not None:
            self._keep(key, self._of.reduced(item))

    def _keep(self, key: Key, item: T) -> None:
        self.items[key] = item
        for group in self._of.groups_of(item):
            members = self._groups.get(group)
            if members is None:
                self._groups[group] = key
            elif isinstance(members, dict):
                members[key] = item
            elif members != key:
                self._groups[group] = {members: self.items[members], key: item}

    def _forget(self, key: Key) -> T | None:
        """Remove an object without a tombstone, and return it."""
        # A group is removed with its last object: otherwise names would accumulate for years.
        item = self.items.pop(key, None)
        for group in self._of.groups_of(item) if item is not None else ():
            members = self._groups.get(group)
            if isinstance(members, dict):
                members.pop(key, None)
            if members in ({}, key):
                del self._groups[group]
        if self._bound is not None:
            self._bound.pop(*key)
        return item
