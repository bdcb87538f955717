"""What the operator knows of the cluster between two passes.

Fed from three sides (the watches, a list now and then, and the answers to our own writes), so
every entry is taken only if it is newer than what is there: resource versions of one kind are
numbers that grow.
"""

import collections
import dataclasses
from collections.abc import Iterable
from typing import Any, TypeVar

from formation_operator import naming
from formation_operator.autoscalers import Autoscaler
from formation_operator.observed import Child, Key
from formation_operator.plan import Claim
from formation_operator.pods import Pod

K = TypeVar("K")
V = TypeVar("V")
Identity = tuple[str, str, str]
"""Kind, namespace and name of an object."""

REMEMBERED = 16384
"""How many deletions of a kind are remembered: a list of many Pods is under way for longer than a moment."""


class Cache:
    """Formations, their children, and the Pods that aren't well."""

    def __init__(self) -> None:
        self.formations: dict[Key, dict[str, Any]] = {}
        self.children: dict[Identity, Child] = {}
        self.pods: dict[Key, dict[str, Pod]] = collections.defaultdict(dict)
        self._buried: dict[str, collections.OrderedDict[Identity, int]] = collections.defaultdict(
            collections.OrderedDict
        )
        self._lost: dict[Identity, str] = {}
        self._lost_by: dict[str, set[Identity]] = collections.defaultdict(set)
        self.settled: dict[str, tuple[str, str]] = {}
        self._autoscalers: dict[str, dict[tuple[str, str], Autoscaler]] = collections.defaultdict(dict)
        self.living: set[str] = set()
        """Uids of all Formations."""
        self._of_formation: dict[Key, set[Identity]] = collections.defaultdict(set)
        self._wanted: dict[tuple[str, str], set[Key]] = collections.defaultdict(set)

    # Formations

    def put_formation(self, raw: dict[str, Any]) -> bool:
        """Take a Formation as it is now; tell whether that is news."""
        key = key_of(raw)
        known = self.formations.get(key)
        if known is not None and not _newer(raw["metadata"]["resourceVersion"], version_of(known)):
            return False
        if not self._alive((naming.KIND, *key), version_of(raw)):
            return False
        if known is not None and known["metadata"]["uid"] != raw["metadata"]["uid"]:
            self._forget_lost(known["metadata"]["uid"])
        self._forget_formation(key)
        self.formations[key] = trimmed(raw)
        self.living.add(raw["metadata"]["uid"])
        for name in child_names(raw):
            self._wanted[key[0], name].add(key)
        return True

    def drop_formation(self, key: Key, version: str) -> set[Key]:
        """Forget a Formation that was deleted, and return those that wanted a name of its children."""
        known = self.formations.get(key)
        if known is not None and _newer(version_of(known), version):
            return set()  # another one of its name has come since
        self._bury((naming.KIND, *key), int(version))
        if known is not None:
            self._forget_lost(known["metadata"]["uid"])
        return self._forget_formation(key)

    def _forget_lost(self, uid: str) -> None:
        for identity in self._lost_by.pop(uid, ()):
            del self._lost[identity]

    def _forget_formation(self, key: Key) -> set[Key]:
        rivals = {rival for name in self._unwant(key) for rival in self._wanted.get((key[0], name), ())}
        known = self.formations.pop(key, None)
        if known is not None:
            self.living.discard(known["metadata"]["uid"])
        return rivals

    def uid_of(self, key: Key) -> str | None:
        """Return the uid of the Formation that has a name now."""
        known = self.formations.get(key)
        return None if known is None else known["metadata"]["uid"]

    def claims(self, key: Key) -> dict[str, Claim]:
        """Return the winning claim on each child name that this and another Formation want."""
        namespace = key[0]
        contested = {}
        for name in child_names(self.formations[key]):
            rivals = self._wanted[namespace, name]
            if len(rivals) > 1:
                contested[name] = min(
                    (self._claim(rival) for rival in rivals), key=lambda claim: (claim.created, claim.uid)
                )
        return contested

    def _claim(self, key: Key) -> Claim:
        metadata = self.formations[key]["metadata"]
        return Claim(metadata.get("creationTimestamp", ""), metadata["uid"], key)

    def _unwant(self, key: Key) -> list[str]:
        names = child_names(self.formations.get(key) or {})
        for name in names:
            _discard(self._wanted, (key[0], name), key)
        return names

    # Children

    def put_child(self, child: Child) -> Child | None:
        """Take a child as it is now; return what was known before, or the child itself if it's no news."""
        identity = (child.kind, child.namespace, child.name)
        known = self.children.get(identity)
        if known is not None and not _newer(child.resource_version, known.resource_version):
            return child
        if not self._alive(identity, child.resource_version):
            return child
        self._unlink(identity)
        if known is not None and known.uid != child.uid:
            self.settled.pop(known.uid, None)
        if identity in self._lost:
            _discard(self._lost_by, self._lost.pop(identity), identity)
        self.children[identity] = child
        if child.formation_key:
            self._of_formation[child.formation_key].add(identity)
        return known

    def drop_child(self, child: Child, *, lost: bool) -> Child | None:
        """Forget a child and return what was known of it; it is lost if it wasn't us who deleted it."""
        identity = (child.kind, child.namespace, child.name)
        known_until = int(child.resource_version)
        # Our own deletion is later than what we knew, and that may come once more.
        self._bury(identity, known_until if lost else known_until + 1)
        self._unlink(identity)
        known = self.children.pop(identity, None)
        if known is not None:
            self.settled.pop(known.uid, None)
            if lost and known.owner is not None and known.owner.uid in self.living:
                self._lost[identity] = known.owner.uid
                self._lost_by[known.owner.uid].add(identity)
        return known

    def settle(self, child: Child, digest: str) -> None:
        """Remember with which intent a child was written, unless it has gone since."""
        known = self.children.get((child.kind, child.namespace, child.name))
        if known is not None and known.uid == child.uid:
            self.settled[child.uid] = (digest, child.owned)

    def lost_by(self, uid: str) -> set[tuple[str, str]]:
        """Return kind and name of what a Formation had and has lost."""
        return {(kind, name) for kind, _, name in self._lost_by.get(uid, ())}

    def children_of(self, key: Key) -> dict[tuple[str, str], Child]:
        """Return, by kind and name, the children of a Formation and whatever has a name that it wants."""
        found = set(self._of_formation.get(key, ()))
        for name in child_names(self.formations.get(key) or {}):
            found |= {(kind, key[0], name) for kind in ("Deployment", "Service")}
        return {(item[0], item[2]): self.children[item] for item in found if item in self.children}

    def concerned(self, child: Child) -> set[Key]:
        """Return the Formations that a change of a child may concern."""
        keys = set(self._wanted.get((child.namespace, child.name), ()))
        return keys | ({child.formation_key} if child.formation_key else set())

    def _unlink(self, identity: Identity) -> None:
        known = self.children.get(identity)
        if known is not None and known.formation_key:
            _discard(self._of_formation, known.formation_key, identity)

    # Autoscalers

    def put_autoscaler(self, autoscaler: Autoscaler) -> set[Key]:
        """Take an autoscaler as it is now; return the Formations that this concerns."""
        there = self._autoscalers[autoscaler.namespace]
        known = there.get((autoscaler.kind, autoscaler.name))
        if known is not None and not _newer(autoscaler.resource_version, known.resource_version):
            return set()
        if not self._alive(_identity(autoscaler), autoscaler.resource_version):
            return set()
        there[autoscaler.kind, autoscaler.name] = autoscaler
        if known and known == dataclasses.replace(autoscaler, resource_version=known.resource_version):
            return set()  # most changes of an autoscaler are of its status
        return self._scaled(autoscaler) | (self._scaled(known) if known else set())

    def drop_autoscaler(self, autoscaler: Autoscaler) -> set[Key]:
        """Forget an autoscaler; return the Formations that this concerns."""
        self._bury(_identity(autoscaler), int(autoscaler.resource_version))
        there = self._autoscalers.get(autoscaler.namespace, {})
        known = there.pop((autoscaler.kind, autoscaler.name), None)
        if not there:
            self._autoscalers.pop(autoscaler.namespace, None)
        return self._scaled(known) if known else set()

    def autoscalers_in(self, namespace: str) -> list[Autoscaler]:
        """Return the autoscalers of a namespace."""
        return list(self._autoscalers.get(namespace, {}).values())

    def all_autoscalers(self) -> list[Autoscaler]:
        """Return the autoscalers of all namespaces."""
        return [each for there in self._autoscalers.values() for each in there.values()]

    def _scaled(self, autoscaler: Autoscaler) -> set[Key]:
        namespace, name = autoscaler.namespace, autoscaler.target_name
        if autoscaler.scales_formation(name):
            return {(namespace, name)} & self.formations.keys()
        return set(self._wanted.get((namespace, name), ())) if autoscaler.scales_deployment(name) else set()

    # The dead

    def _bury(self, identity: Identity, version: int) -> None:
        """Remember a deletion: the answer to an older write of ours may still be on its way."""
        buried = self._buried[identity[0]]
        buried[identity] = version
        buried.move_to_end(identity)
        while len(buried) > REMEMBERED:
            buried.popitem(last=False)

    def _alive(self, identity: Identity, version: str) -> bool:
        """Tell whether what is said of an object isn't older than its deletion, and forget that if so.

        An object that has lost our labels is told of as deleted, under the version that it has.
        """
        buried = self._buried[identity[0]]
        if int(version) < buried.get(identity, 0):
            return False
        buried.pop(identity, None)
        return True

    # Pods

    def troubled_pods(self) -> list[Pod]:
        """Return all Pods that aren't well."""
        return [pod for pods in self.pods.values() for pod in pods.values()]

    def put_pod(self, key: Key, pod: Pod) -> bool:
        """Take a Pod that isn't well; tell whether that is news."""
        known = self.pods.get(key, {}).get(pod.name)
        if known is not None and not _newer(pod.resource_version, known.resource_version):
            return False
        if not self._alive(("Pod", key[0], pod.name), pod.resource_version):
            return False
        self.pods[key][pod.name] = pod
        return not pod.same_as(known)

    def drop_pod(self, key: Key, name: str, version: str) -> bool:
        """Forget a Pod that is well again, or gone; tell whether that is news."""
        known = self.pods.get(key, {}).get(name)
        if known is None or _newer(known.resource_version, version):
            return False
        self._bury(("Pod", key[0], name), int(version))
        del self.pods[key][name]
        if not self.pods[key]:
            del self.pods[key]
        return True

    def pods_of(self, key: Key) -> list[Pod]:
        """Return the Pods of a Formation that aren't well."""
        return list(self.pods.get(key, {}).values())


def key_of(raw: dict[str, Any]) -> Key:
    """Return the namespace and name of an object."""
    return raw["metadata"]["namespace"], raw["metadata"]["name"]


def version_of(raw: dict[str, Any]) -> str:
    """Return an object's resource version."""
    return str(raw["metadata"]["resourceVersion"])


def child_names(raw: dict[str, Any]) -> list[str]:
    """Return the names that a Formation's children have, whether or not its spec is valid."""
    processes = (raw.get("spec") or {}).get("processes") or {}
    return [naming.child(raw["metadata"]["name"], name) for name in processes]


def trimmed(raw: dict[str, Any]) -> dict[str, Any]:
    """Return a Formation without what no decision needs."""
    kept: Iterable[str] = (
        "name",
        "namespace",
        "uid",
        "generation",
        "resourceVersion",
        "creationTimestamp",
        "deletionTimestamp",
    )
    metadata = {key: raw["metadata"][key] for key in kept if key in raw["metadata"]}
    return {"metadata": metadata, "spec": raw.get("spec") or {}, "status": raw.get("status") or {}}


def _identity(autoscaler: Autoscaler) -> Identity:
    return autoscaler.kind, autoscaler.namespace, autoscaler.name


def _discard(sets: dict[K, set[V]], key: K, item: V) -> None:
    """Take an item out of one of several sets, and the set with its last one: names come and go for years."""
    found = sets.get(key, set())
    found.discard(item)
    if not found:
        sets.pop(key, None)


def _newer(version: str, known: str) -> bool:
    return int(version) > int(known)
