"""What the operator knows of the cluster between two passes: a store for each kind, and what links them."""

from collections.abc import Callable, Iterable
from typing import Any

from formation_operator.api import naming
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe import children, formations, pods
from formation_operator.observe.autoscalers import Autoscaler
from formation_operator.observe.children import Child, ChildId, Claim, Key
from formation_operator.observe.pods import Pod
from formation_operator.observe.store import Bound, Change, Store
from formation_operator.shares import Shares

MOST_STRAYS = 4096
"""How many objects with our labels are known that no Formation wants: anybody may make some."""
MOST_PODS = 8192
"""How many Pods are known that aren't well. Namespaces share both, so none has those of another forgotten."""
MOST_BYTES = 32 * 2**20
"""Bytes that either may take: of large ones fewer are known. A small one counts as its part of them."""
MOST_FORMATIONS = 160 * 2**20
"""Bytes that all Formations may take with their specs and statuses; of a namespace that has too much, the
oldest are kept in outline."""


class Cache:
    """Formations, their children, what scales them, and the Pods that aren't well."""

    def __init__(self, tell: Callable[[str, Change[Any]], None] = lambda *_: None) -> None:
        """Take what is given each change, with the kind of the object, once it is known."""
        self._tell = tell
        self._formations: Store[dict[str, Any]] = Store(
            key_of=formations.key_of, version_of=formations.version_of, groups_of=formations.wanted_names
        )
        strays: Bound = Shares(MOST_BYTES)
        self._whole: Shares[str, None] = Shares(MOST_FORMATIONS)
        self._children: dict[ChildKind, Store[Child]] = {
            kind: Store(
                key_of=_key,
                version_of=_version,
                groups_of=_owner_of,
                bound=strays,
                size_of=self._size_of_stray,
            )
            for kind in ChildKind
        }
        self._autoscalers: dict[str, Store[Autoscaler]] = {
            kind: Store(
                key_of=_key, version_of=_version, groups_of=lambda each: [(each.namespace, each.target_name)]
            )
            for kind in kinds.AUTOSCALERS
        }
        self._pods: Store[Pod] = Store(
            key_of=_key,
            version_of=_version,
            groups_of=lambda pod: [(pod.namespace, pod.formation)],
            bound=Shares(MOST_BYTES),
            size_of=lambda pod: max(MOST_BYTES // MOST_PODS, pods.size_of(pod)),
        )
        self.stores: dict[str, Store[Any]] = {
            naming.KIND: self._formations,
            kinds.POD: self._pods,
            **{kind.value: store for kind, store in self._children.items()},
            **self._autoscalers,
        }
        self.living: set[str] = set()
        """Uids of all Formations."""

    def put(self, kind: str, fact: Any, *, read: bool = False) -> Change[Any] | None:
        """Take an object as it is now, or as it was just ``read``; return nothing if that is no news."""
        if kind == naming.KIND:
            fact = formations.trimmed(fact, self.formations.get(formations.key_of(fact)))
        return self._changed(kind, self.stores[kind].put(fact, read=read))

    def drop(self, kind: str, key: Key, version: int, *, listed: bool = False) -> Change[Any] | None:
        """Forget what others deleted or a list lacks, or a Pod that is well; nothing if that is no news."""
        if kind in self._children:
            store = self._children[ChildKind(kind)]
            known = store.known.get(key)
            owner = known.owner.uid if known is not None and known.owner is not None else ""
            missed_by = owner if owner in map(formations.uid_of, self._wanting(key)) else ""
            return self._changed(kind, store.drop(key, version, listed=listed, missed_by=missed_by))
        if kind == kinds.POD and key not in self._pods.known:
            return None  # most Pods are well: if each were remembered for it, no other deletion would be
        return self._changed(kind, self.stores[kind].drop(key, version))

    def drop_own(self, child: Child) -> Change[Child] | None:
        """Forget a child that we deleted, though it may have changed since we decided to."""
        store, key = self._children[child.kind], _key(child)
        known = store.known.get(key)
        same = known is not None and known.uid == child.uid
        version = store.latest(key) if same else _version(child)
        return self._changed(child.kind, store.drop(key, version, final=True))

    def _changed(self, kind: str, change: Change[Any] | None) -> Change[Any] | None:
        if change is None:
            return None
        if kind == naming.KIND:
            self.living -= {formations.uid_of(change.before)} if change.before else set()
            self.living |= {formations.uid_of(change.now)} if change.now else set()
            self._share(change)
            self._count_given_up(change)
        self._tell(kind, change)
        return change

    def _share(self, change: Change[dict[str, Any]]) -> None:
        """Keep a namespace's Formations within its share: what is beyond it is read again for each pass."""
        if change.now is None:
            if change.before is not None:
                self._whole.pop(*formations.key_of(change.before))
            return
        for key in self._whole.put(*formations.key_of(change.now), None, formations.size_of(change.now)):
            self._formations.replace(formations.outlined(self.formations[key]))

    def _count_given_up(self, change: Change[dict[str, Any]]) -> None:
        """Count what has a name that a Formation wants no more: it may be a stray from now on."""
        if (
            change.before is not None
            and change.now is not None
            and change.before["spec"] is change.now["spec"]
        ):
            return  # as it is with each status
        for name in _given_up(change):
            for store in self._children.values():
                if name in store.known:
                    store.count(store.known[name])

    # What is known

    @property
    def formations(self) -> dict[Key, dict[str, Any]]:
        """Each Formation as it is, without what no decision needs."""
        return self._formations.known

    def claims(self, key: Key) -> dict[str, Claim]:
        """Return the winning claim on each child name that this and another Formation want."""
        contested = {name: self._wanting(name) for name in self._wanted(key)}
        return {name: formations.winner(rivals) for (_, name), rivals in contested.items() if len(rivals) > 1}

    def lost_by(self, key: Key) -> set[ChildId]:
        """Return kind and name of what a Formation had and wants, and others have deleted."""
        uid = formations.uid_of(self.formations[key]) if key in self.formations else None
        wanted = self._wanted(key)
        return {
            (kind, name[1])
            for kind, store in self._children.items()
            for name in wanted
            if store.missed_by(name) == uid
        }

    def children_of(self, key: Key) -> dict[ChildId, Child]:
        """Return, by kind and name, what a Formation owns and whatever has a name that it wants.

        Of anything else with its label nothing has to be decided, and anybody may make ten thousands.
        """
        wanted = self._wanted(key)
        found: dict[ChildId, Child] = {}
        for kind, store in self._children.items():
            named = {name: store.known[name] for name in wanted if name in store.known}
            found |= {(kind, name): child for (_, name), child in {**store.within(key), **named}.items()}
        return found

    def autoscalers_of(self, namespace: str, targets: Iterable[str]) -> list[Autoscaler]:
        """Return the autoscalers of what has one of these names: there may be many others in a namespace."""
        there = [(namespace, target) for target in targets]
        stores = self._autoscalers.values()
        return [each for store in stores for target in there for each in store.within(target).values()]

    def pods_of(self, key: Key) -> list[Pod]:
        """Return the Pods of a Formation that aren't well."""
        return list(self._pods.within(key).values())

    def _wanted(self, key: Key) -> list[Key]:
        known = self.formations.get(key)  # it may have gone during the pass
        return formations.wanted_names(known) if known else []

    def _wanting(self, child: Key) -> list[dict[str, Any]]:
        """Return the Formations that want a child of a name."""
        return list(self._formations.within(child).values())

    # Whom it concerns

    def concerned(self, kind: str, change: Change[Any]) -> set[Key]:
        """Return the Formations that a change of an object may concern."""
        if kind == naming.KIND:
            return self._rivals(change) | ({formations.key_of(change.now)} if change.now else set())
        facts = [fact for fact in (change.before, change.now) if fact is not None]
        return {key for fact in facts for key in self._concerned_by(kind, fact)}

    def _concerned_by(self, kind: str, fact: Any) -> set[Key]:
        if kind == kinds.POD:
            return {(fact.namespace, fact.formation)}
        return self._claiming(fact) if kind in self._children else self._scaled(fact)

    def _rivals(self, change: Change[dict[str, Any]]) -> set[Key]:
        """Return the Formations that want a name which a Formation has given up."""
        return {key for name in _given_up(change) for key in self._formations.within(name)}

    def _claiming(self, child: Child) -> set[Key]:
        return {*self._formations.within(_key(child)), *_owner_of(child)}

    def _size_of_stray(self, child: Child) -> int:
        """Return the bytes of what no Formation wants; nothing of the others, which are all kept.

        An owner or a label proves nothing: anybody may name a Formation in as many objects as they like. One
        that a Formation has no more use for is deleted at once, or after the next list if it was forgotten.
        """
        wanted = self._formations.within(_key(child))
        return 0 if wanted else max(MOST_BYTES // MOST_STRAYS, children.size_of(child))

    def _scaled(self, autoscaler: Autoscaler) -> set[Key]:
        target = (autoscaler.namespace, autoscaler.target_name)
        if autoscaler.scales_formation(autoscaler.target_name):
            return {target} & self.formations.keys()
        scales = autoscaler.scales_deployment(autoscaler.target_name)
        return set(self._formations.within(target)) if scales else set()


def _key(fact: Child | Autoscaler | Pod) -> Key:
    return fact.namespace, fact.name


def _version(fact: Child | Autoscaler | Pod) -> int:
    return int(fact.resource_version)


def _owner_of(child: Child) -> list[Key]:
    """Return the Formation that owns a child, if one does."""
    return (
        [(child.namespace, child.owner.name)] if child.owner is not None and child.owner.is_formation else []
    )


def _given_up(change: Change[dict[str, Any]]) -> set[Key]:
    """Return the names that a Formation wants no more."""
    before, now = (set(formations.wanted_names(raw)) if raw else set() for raw in (change.before, change.now))
    return before - now
