"""What the operator knows of the cluster: a store for each kind, and the links between their objects.

A pass decides from a part of that, its basis. An object that a pass writes comes back through the watch,
before or after the answer to the write: an echo. So changes of a Formation and its children request no pass
while its pass is under way. At its end the pass compares them with what it has written, and requests another
pass if they differ. Echoes are recognised only here.
"""

import dataclasses
import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from formation_operator.api import naming
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import ChildKind, Key
from formation_operator.observe import autoscalers, children, formations, jobs
from formation_operator.observe.autoscalers import Autoscaler
from formation_operator.observe.children import Child, ChildId, Children
from formation_operator.observe.jobs import Job
from formation_operator.observe.pods import Pod
from formation_operator.observe.store import Change, Store, Watched
from formation_operator.observe.watched import WATCHED
from formation_operator.requeue import Lane

Changed = Callable[[Change[Any] | None], None]
"""Called with what has changed in the cache, if anything has."""


class Cache:
    """Formations, their children, what scales them, and the Pods that aren't well."""

    def __init__(self, watched: Iterable[Watched[Any]] = WATCHED) -> None:
        """Take the kinds that are watched."""
        self.watched = {each.kind.name: each for each in watched}
        self.stores = {kind: Store(each, self._wanting) for kind, each in self.watched.items()}
        self._children: dict[ChildKind, Store[Child]] = {kind: self.stores[kind] for kind in ChildKind}
        self.formations: dict[Key, dict[str, Any]] = self.stores[naming.KIND].items
        """Each Formation, without what no decision needs."""
        self.living: set[str] = set()
        """Uids of all Formations."""
        self._forbidden: set[tuple[str, str | None]] = set()
        """The dispensable kinds that can't be listed or watched, with the namespace, or none for all."""

    def see(self, kind: str, raw: dict[str, Any], as_of: int = 0) -> Change[Any] | None:
        """Take an object as the API server sent it, by itself or in a list as of a version.

        Returns what that changes, if anything.
        """
        key, version = formations.key_of(raw), formations.version_of(raw)
        store = self.stores[kind]
        again = kind == naming.KIND and self._is_fuller(raw)
        if not (again or store.is_newer(key, version, as_of)):
            return None  # as most of a list is, and each echo of our writes
        fact = self.watched[kind].fact_of(raw, store.items.get(key))
        if fact is None:
            return self.drop(kind, key, max(as_of, version))
        return self.put(kind, fact, as_of, again=again)

    def _is_fuller(self, raw: dict[str, Any]) -> bool:
        """Return whether a Formation has, at the known version, what was pruned from it."""
        known = self.formations.get(formations.key_of(raw))
        if known is None or known.get("unkept") or not formations.is_same(known, raw):
            return False
        return formations.version_of(known) == formations.version_of(raw) and formations.is_fuller(raw, known)

    def put(self, kind: str, fact: Any, as_of: int = 0, *, again: bool = False) -> Change[Any] | None:
        """Take the facts of an object, perhaps again at the known version, and return what that changes."""
        return self._followed(self.stores[kind].put(fact, as_of, again=again))

    def drop(self, kind: str, key: Key, version: int) -> Change[Any] | None:
        """Forget an object that was deleted, that a list lacks, or that is well; return what that changes."""
        return self._followed(self.stores[kind].drop(key, version))

    def _followed(self, change: Change[Any] | None) -> Change[Any] | None:
        """Note which Formations exist; children that one doesn't want any more may be strays now."""
        if change is None or change.kind != naming.KIND:
            return change
        self.living -= {formations.uid_of(change.before)} if change.before else set()
        self.living |= {formations.uid_of(change.now)} if change.now else set()
        for name in formations.given_up(change):
            for store in self.stores.values():
                store.count(name)
        return change

    # What is known

    def children_of(self, key: Key) -> dict[ChildId, Child]:
        """Return, by kind and name, the objects that a Formation owns or that have a name it wants.

        Other objects with its label don't matter, and anyone may create thousands of them.
        """
        formation = self.formations.get(key)  # it may have gone during the pass
        names, found = formations.child_keys(formation) if formation else [], dict[ChildId, Child]()
        for kind, store in self._children.items():
            for each in (*store.within(key), *names):
                if each in store.items:
                    found[kind, each[1]] = store.items[each]
        return found

    def autoscalers_of(self, namespace: str, targets: Iterable[str]) -> list[Autoscaler]:
        """Return the autoscalers whose target has one of some names: a namespace may have many others."""
        found = list[Autoscaler]()
        for target in targets:
            group = autoscalers.group_of(namespace, target)
            found += self.stores[kinds.SCALED_OBJECT].within(group).values()
            found += (each.autoscaler for each in self.stores[kinds.HPA].within(group).values())
        return found

    def pods_of(self, key: Key) -> list[Pod]:
        """Return the processes of a Formation, and the Pods of its Jobs, that aren't well."""
        return [*self.stores[kinds.POD].within(key).values()]

    def jobs_of(self, key: Key) -> list[Job]:
        """Return the Jobs that are a Formation's releases by their labels; their owners may say otherwise."""
        found = self._jobs_of(key)
        return jobs.foremost(job for job in found if not job.schedule) if found else []

    def runs_of(self, key: Key) -> list[Job]:
        """Return the Jobs that are runs of a Formation's schedules by their labels."""
        return jobs.foremost(job for job in self._jobs_of(key) if job.schedule)

    def job_uids(self, key: Key) -> set[str]:
        """Return the uids of all Jobs that are a Formation's by their labels."""
        return {job.uid for job in self._jobs_of(key)}

    def _jobs_of(self, key: Key) -> Collection[Job]:
        return self.stores[kinds.JOB].within(key).values()

    def set_forbidden(self, kind: str, namespace: str | None, *, forbidden: bool) -> None:
        """Note whether a dispensable kind can't be listed or watched in a namespace, or in all of them."""
        change = self._forbidden.add if forbidden else self._forbidden.discard
        change((kind, namespace))

    def is_forbidden(self, kind: str, namespace: str) -> bool:
        """Return whether what is known of a kind in a namespace may be old, or missing: it can't be watched.

        Only a dispensable kind ever is; without the right to another one there is no pass.
        """
        return not self._forbidden.isdisjoint({(kind, namespace), (kind, None)})

    def _wanting(self, child: Key) -> Mapping[Key, dict[str, Any]]:
        """Return the Formations that want a child of a name, by itself or as a canary."""
        namespace, name = child
        wanting = self.stores[naming.KIND].within(child)
        if tried := naming.has_canary(name):
            declaring = self.stores[naming.KIND].within((namespace, tried)).items()
            tries = {key: each for key, each in declaring if child in formations.child_keys(each)}
            return {**wanting, **tries}  # a schedule has no canary
        return wanting

    def concerned(self, change: Change[Any]) -> dict[Key, Lane]:
        """Return the Formations to which a change of an object matters, and how urgent it is to them."""
        watched = self.watched[change.kind]
        lane = watched.lane_of(change.before, change.now)
        if lane is None:
            return {}
        keys = {key for fact in change.facts for key in watched.concerned(fact, self._wanting)}
        if change.kind == naming.KIND:  # its rivals may have what it has given up
            keys.update(key for name in formations.given_up(change) for key in self._wanting(name))
        return dict.fromkeys(keys, lane)


@dataclasses.dataclass
class Basis:
    """What a pass decides from: the Formation and its children at its start, and its own writes."""

    formation: dict[str, Any]
    children: dict[ChildId, Child]
    """The children at its start, and those that it has written since then."""
    shown: Children = dataclasses.field(default_factory=dict)
    """The children that the status is about: during the pass, figures may change, and change back."""

    @functools.cached_property
    def uid(self) -> str:
        """The uid of the Formation that the pass is about."""
        return formations.uid_of(self.formation)

    def is_for(self, formation: dict[str, Any] | None) -> bool:
        """Return whether it is the Formation that the pass is about, and not a later one of its name."""
        return formation is not None and formations.uid_of(formation) == self.uid

    def will_compare(self, change: Change[Any]) -> bool:
        """Return whether `missed` compares the object of a change that comes during the pass.

        It compares the Formation itself and its children, but no autoscaler of others: these aren't listed
        with them.
        """
        fact = change.facts[0]
        if isinstance(fact, dict):
            return formations.key_of(fact) == formations.key_of(self.formation)
        return isinstance(fact, Child) and (fact.autoscaler is None or fact.is_owned_by(self.uid))

    def reported(self, formation: dict[str, Any]) -> None:
        """Note the status that was written; the spec stays the one that the pass decided from."""
        self.formation = {**self.formation, **{key: formation[key] for key in formations.REPORTED}}

    def missed(self, formation: dict[str, Any] | None, there: Children) -> Lane | None:
        """Return the lane for the changes during the pass that aren't its own; nothing if there are none."""
        if formation is None:
            return None
        before = [*self.children.items(), *self.shown.items()]
        lanes = [children.lane_of(child, there.get(each)) for each, child in before]
        lanes += [children.lane_of(None, child) for each, child in there.items() if each not in self.children]
        lanes.append(formations.lane_of(self.formation, formation))
        return min((lane for lane in lanes if lane is not None), default=None)
