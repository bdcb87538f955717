"""What the operator knows of the cluster between two passes: a store for each kind, and what links them."""

import collections
import dataclasses
from collections.abc import Iterable
from typing import Any

from formation_operator.api import bounds, naming
from formation_operator.kube import kinds, lenient
from formation_operator.kube.shares import Shares
from formation_operator.observe.autoscalers import Autoscaler
from formation_operator.observe.children import Child, Claim, Key
from formation_operator.observe.pods import Pod
from formation_operator.observe.store import Change, Store

Identity = tuple[str, str, str]
"""Kind, namespace and name of an object."""
MOST_STRAYS = 4096
"""How many objects with our labels are known that are no Formation's: anybody may make some."""
MOST_PODS = 8192
"""How many Pods are known that aren't well. Namespaces share both, so none has those of another forgotten."""


class Cache:
    """Formations, their children, and the Pods that aren't well."""

    def __init__(self) -> None:
        self._formations: Store[dict[str, Any]] = Store(version_of=_version, groups_of=_wanted_names)
        self._children: dict[str, Store[Child]] = {
            kind: Store(version_of=_version_of_fact, groups_of=_formation_of)
            for kind in ("Deployment", "Service")
        }
        self._autoscalers: dict[str, Store[Autoscaler]] = {
            kind: Store(version_of=_version_of_fact, groups_of=_namespace_of) for kind in kinds.AUTOSCALERS
        }
        self._pods: Store[Pod] = Store(version_of=_version_of_fact, groups_of=_formation_of_pod)
        self._strays: Shares[tuple[str, str], None] = Shares(MOST_STRAYS)
        self._unwell: Shares[str, None] = Shares(MOST_PODS)
        self._stores: dict[str, Store[Any]] = {
            naming.KIND: self._formations,
            "Pod": self._pods,
            **self._children,
            **self._autoscalers,
        }
        self._lost: dict[Identity, str] = {}
        self._lost_by: dict[str, set[Identity]] = collections.defaultdict(set)
        self.settled: dict[str, tuple[str, str]] = {}
        self.living: set[str] = set()
        """Uids of all Formations."""

    def known(self, kind: str) -> dict[Key, Any]:
        """Return what is known of each object of a kind."""
        return dict(self._stores[kind].known)

    def latest(self, kind: str, key: Key) -> int:
        """Return the latest version that is known of an object, be it of its deletion; 0 if none is."""
        return self._stores[kind].latest(key)

    def contradicts(self, kind: str, raw: dict[str, Any], listed: int) -> bool:
        """Tell whether a list as of a version holds an object as it was only before that version."""
        return self._stores[kind].contradicts(key_of(raw), _version(raw), listed)

    # Formations

    @property
    def formations(self) -> dict[Key, dict[str, Any]]:
        """Each Formation as it is, without what no decision needs."""
        return self._formations.known

    def put_formation(self, raw: dict[str, Any]) -> bool:
        """Take a Formation as it is now; tell whether that is news."""
        change = self._formations.put(key_of(raw), trimmed(raw, self.formations.get(key_of(raw))))
        if change is None:
            return False
        if change.before is not None and _uid(change.before) != _uid(raw):
            self._has_gone(change.before)
        self.living.add(_uid(raw))
        return True

    def drop_formation(self, key: Key, version: str) -> set[Key]:
        """Forget a Formation that was deleted, and return those that wanted a name of its children."""
        left = self.children_of(key).values()
        change = self._formations.drop(key, int(version))
        if change is None or change.before is None:
            return set()  # another one of its name has come since
        self._has_gone(change.before)
        for child in left:
            self._count_stray(child)
        return {rival for name in _wanted_names(change.before) for rival in self._formations.within(name)}

    def _has_gone(self, formation: dict[str, Any]) -> None:
        uid = _uid(formation)
        self.living.discard(uid)
        for identity in self._lost_by.pop(uid, ()):
            del self._lost[identity]

    def uid_of(self, key: Key) -> str | None:
        """Return the uid of the Formation that has a name now."""
        known = self.formations.get(key)
        return None if known is None else known["metadata"]["uid"]

    def claims(self, key: Key) -> dict[str, Claim]:
        """Return the winning claim on each child name that this and another Formation want."""
        contested = {}
        known = self.formations.get(key)
        for namespace, name in _wanted_names(known) if known else ():  # it may have gone during the pass
            rivals = self._formations.within((namespace, name))
            if len(rivals) > 1:
                contested[name] = min(
                    map(_claim, rivals.values()), key=lambda claim: (claim.created, claim.uid)
                )
        return contested

    # Children

    def put_child(self, child: Child) -> Change[Child] | None:
        """Take a child as it is now; return nothing if that is no news."""
        change = self._children[child.kind].put((child.namespace, child.name), child)
        if change is not None:
            self._is_back(_identity(child))
            if change.before is not None and change.before.uid != child.uid:
                self.settled.pop(change.before.uid, None)
            self._count_stray(child)
        return change

    def _count_stray(self, child: Child) -> None:
        """Note whether a child is no Formation's, and forget the oldest of too many such."""
        kind, namespace, name = _identity(child)
        if self._is_claimed(child):
            self._strays.pop(namespace, (kind, name))
            return
        over = self._strays.put(namespace, (kind, name), None)
        if over is not None:
            namespace, (kind, name) = over
            store = self._children[kind]
            if not self._is_claimed(store.known[namespace, name]):
                self.settled.pop(store.known[namespace, name].uid, None)
                store.forget((namespace, name))

    def _is_claimed(self, child: Child) -> bool:
        return any(key in self.formations for key in self.concerned(child))

    def drop_child(self, child: Child, *, lost: bool) -> Change[Child] | None:
        """Forget a child, lost if it wasn't us who deleted it; return nothing if something later is known."""
        store, key = self._children[child.kind], (child.namespace, child.name)
        version = int(child.resource_version)
        if not lost and key in store.known and store.known[key].uid == child.uid:
            version = store.latest(key)  # it has changed since we decided to delete it
        change = store.drop(key, version, final=not lost)
        known = change.before if change else None
        if known is not None:
            self.settled.pop(known.uid, None)
            self._strays.pop(known.namespace, (known.kind, known.name))
            if lost and known.owner is not None and known.owner.uid in self._wanting(key):
                self._lost[_identity(known)] = known.owner.uid
                self._lost_by[known.owner.uid].add(_identity(known))
        return change

    def _wanting(self, child: Key) -> set[str]:
        """Return the uids of the Formations that want a child of a name."""
        return {_uid(each) for each in self._formations.within(child).values()}

    def settle(self, child: Child, intent: str) -> None:
        """Remember that a child is as an intent has it, unless it has gone since."""
        known = self._children[child.kind].known.get((child.namespace, child.name))
        if known is not None and known.uid == child.uid:
            self.settled[child.uid] = (intent, child.owned)

    def unsettle(self, child: Child, intent: str) -> None:
        """Forget the intent that a child had before another is written: the answer to that may be lost."""
        if child.uid in self.settled and self.settled[child.uid][0] != intent:
            del self.settled[child.uid]

    def lost_by(self, uid: str) -> set[tuple[str, str]]:
        """Return kind and name of what a Formation had and has lost."""
        return {(kind, name) for kind, _, name in self._lost_by.get(uid, ())}

    def _is_back(self, identity: Identity) -> None:
        uid = self._lost.pop(identity, None)
        if uid is not None:
            self._lost_by[uid].discard(identity)
            if not self._lost_by[uid]:
                del self._lost_by[uid]

    def children_of(self, key: Key) -> dict[tuple[str, str], Child]:
        """Return, by kind and name, the children of a Formation and whatever has a name that it wants."""
        formation = self.formations.get(key)
        wanted = _wanted_names(formation) if formation else []
        found: dict[tuple[str, str], Child] = {}
        for kind, store in self._children.items():
            named = {name: store.known[name] for name in wanted if name in store.known}
            found |= {(kind, name): child for (_, name), child in {**store.within(key), **named}.items()}
        return found

    def concerned(self, child: Child) -> set[Key]:
        """Return the Formations that a change of a child may concern."""
        return {*self._formations.within((child.namespace, child.name)), *_formation_of(child)}

    # Autoscalers

    def put_autoscaler(self, autoscaler: Autoscaler) -> set[Key]:
        """Take an autoscaler as it is now; return the Formations that this concerns."""
        store = self._autoscalers[autoscaler.kind]
        change = store.put((autoscaler.namespace, autoscaler.name), autoscaler)
        if change is None:
            return set()
        known = change.before
        if known and known == dataclasses.replace(autoscaler, resource_version=known.resource_version):
            return set()  # most changes of an autoscaler are of its status
        return self._scaled(autoscaler) | (self._scaled(known) if known else set())

    def drop_autoscaler(self, autoscaler: Autoscaler) -> set[Key]:
        """Forget an autoscaler; return the Formations that this concerns."""
        store = self._autoscalers[autoscaler.kind]
        change = store.drop((autoscaler.namespace, autoscaler.name), int(autoscaler.resource_version))
        return self._scaled(change.before) if change and change.before else set()

    def autoscalers_in(self, namespace: str) -> list[Autoscaler]:
        """Return the autoscalers of a namespace."""
        return [each for store in self._autoscalers.values() for each in store.within(namespace).values()]

    def _scaled(self, autoscaler: Autoscaler) -> set[Key]:
        target = (autoscaler.namespace, autoscaler.target_name)
        if autoscaler.scales_formation(autoscaler.target_name):
            return {target} & self.formations.keys()
        scales = autoscaler.scales_deployment(autoscaler.target_name)
        return set(self._formations.within(target)) if scales else set()

    # Pods

    def put_pod(self, key: Key, pod: Pod) -> bool:
        """Take a Pod that isn't well; tell whether that is news."""
        change = self._pods.put((key[0], pod.name), pod)
        if change is not None:
            over = self._unwell.put(key[0], pod.name, None)
            if over is not None:
                self._pods.forget(over)
        return change is not None and not pod.same_as(change.before)

    def drop_pod(self, key: Key, name: str, version: str) -> bool:
        """Forget a Pod that is well again, or gone; tell whether that is news."""
        # Most Pods are well: if each were remembered for it, no other deletion would be.
        there = (key[0], name)
        dropped = there in self._pods.known and self._pods.drop(there, int(version)) is not None
        if dropped:
            self._unwell.pop(*there)
        return dropped

    def pods_of(self, key: Key) -> list[Pod]:
        """Return the Pods of a Formation that aren't well."""
        return list(self._pods.within(key).values())


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


def trimmed(raw: dict[str, Any], known: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a Formation without what no decision needs, given what was known of it until now.

    Its spec is measured and taken in once, not with each status.  By how much it is too large to be rendered,
    if it is, stands beside it as ``excess``.
    """
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
    status = raw.get("status") or {}
    if known is not None and _same_spec(known, raw):
        declared = {key: known[key] for key in ("spec", "excess")}
    else:
        declared = _declared(raw.get("spec") or {})
    return {**lenient.interned({"metadata": metadata, "status": status}), **declared}


def _declared(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a spec as it is kept: of one that isn't rendered no more than the names of its types."""
    try:
        bounds.check(spec)
    except bounds.TooLargeError as error:
        return {"spec": {"processes": dict.fromkeys(spec.get("processes") or {})}, "excess": str(error)}
    return {"spec": lenient.interned(spec), "excess": ""}


def _same_spec(known: dict[str, Any], raw: dict[str, Any]) -> bool:
    """Tell whether an object has the spec that is known of it: the API server counts its changes."""
    return all(known["metadata"].get(field) == raw["metadata"].get(field) for field in ("uid", "generation"))


def _uid(raw: dict[str, Any]) -> str:
    return str(raw["metadata"]["uid"])


def _version(raw: dict[str, Any]) -> int:
    return int(version_of(raw))


def _version_of_fact(fact: Child | Autoscaler | Pod) -> int:
    return int(fact.resource_version)


def _claim(raw: dict[str, Any]) -> Claim:
    return Claim(raw["metadata"].get("creationTimestamp", ""), _uid(raw), key_of(raw))


def _wanted_names(raw: dict[str, Any]) -> list[Key]:
    """Return the namespace and name of each child that a Formation wants."""
    return [(raw["metadata"]["namespace"], name) for name in child_names(raw)]


def _formation_of(child: Child) -> list[Key]:
    return [child.formation_key] if child.formation_key else []


def _formation_of_pod(pod: Pod) -> list[Key]:
    return [(pod.namespace, pod.formation)]


def _namespace_of(autoscaler: Autoscaler) -> list[str]:
    return [autoscaler.namespace]


def _identity(child: Child) -> Identity:
    return child.kind, child.namespace, child.name
