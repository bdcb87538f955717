"""Carry out what was planned, each object on its own: one that fails holds up no other."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from formation_operator import drift, errors, naming, observed, ownership, plan
from formation_operator.cluster import Cluster
from formation_operator.desired import Intent
from formation_operator.model import Formation
from formation_operator.notices import Notice
from formation_operator.observed import Child
from formation_operator.plan import Action, Verb, World


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of one action."""

    action: Action
    child: Child | None = None
    """The object as it is now, if it was written."""
    gone: bool = False
    problem: str | None = None
    """Why it couldn't be done, in words."""
    lasting: bool = False
    """Whether waiting won't mend the problem."""
    notices: tuple[Notice, ...] = ()


@dataclasses.dataclass(frozen=True)
class Executor:
    """Carries out the actions of one pass."""

    cluster: Cluster
    formation: Formation
    world: World
    lost: Collection[tuple[str, str]]
    """Kind and name of each object of ours that somebody deleted."""

    async def run(self, actions: list[Action]) -> list[Outcome]:
        """Carry out all actions side by side and return what came of each."""
        return await asyncio.gather(*(self._one(action) for action in actions))

    async def _one(self, action: Action) -> Outcome:
        steps: dict[Verb, Callable[[Action], Awaitable[Outcome]]] = {
            Verb.CREATE: self._create,
            Verb.UPDATE: self._update,
            Verb.REPAIR: self._repair,
            Verb.ADOPT: self._adopt,
            Verb.DELETE: self._delete,
            Verb.WAIT: self._wait,
            Verb.REFUSE: self._refuse,
        }
        try:
            return await steps[action.verb](action)
        except errors.RefusedError as error:
            return Outcome(action, problem=str(error), lasting=True)
        except errors.ClusterError as error:
            return Outcome(action, problem=str(error))

    async def _create(self, action: Action) -> Outcome:
        """Create an object, unless one of its name exists that our labels didn't show us."""
        manifest = _manifest(action)
        metadata = manifest["metadata"]
        kind = manifest["kind"]
        live = await self.cluster.get(kind, metadata["namespace"], metadata["name"])
        if live is not None:
            child = observed.child(live, kind)
            again = plan.decide(_intent(action), child, self.world)
            return Outcome(action, child) if again is None else await self._one(again)
        raw = await self.cluster.apply(manifest, manager=naming.FIELD_MANAGER, force=False)
        lost = (kind, metadata["name"]) in self.lost
        notices = (_recreated(action),) if lost else ()
        return Outcome(action, observed.child(raw, kind), notices=notices)

    async def _update(self, action: Action) -> Outcome:
        if _intent(action).handed_over is not None:
            return await self._hand_over(action)
        return await self._write(action)

    async def _write(self, action: Action, **precondition: str) -> Outcome:
        child, manifest = _child(action), _manifest(action)
        metadata = {**manifest["metadata"], "uid": child.uid, **precondition}
        raw = await self.cluster.apply(
            {**manifest, "metadata": metadata}, manager=naming.FIELD_MANAGER, force=True
        )
        return Outcome(action, observed.child(raw, child.kind))

    async def _hand_over(self, action: Action) -> Outcome:
        """Write an intent that mentions the count no more, and leave the count as it is.

        It goes to a manager of its own first.  If anybody scales in between, as an autoscaler that has
        just come may, nothing is written over that: the next pass decides anew.
        """
        child = _child(action)
        live = await self._live(child)
        present = Outcome(action, observed.child(live, child.kind))
        if live["spec"].get("replicas") != child.replicas:
            return present  # not what was decided about
        only_count = {
            "apiVersion": live["apiVersion"],
            "kind": child.kind,
            "metadata": {
                "name": child.name,
                "namespace": child.namespace,
                "uid": child.uid,
                "resourceVersion": live["metadata"]["resourceVersion"],
            },
            "spec": {"replicas": _intent(action).handed_over},
        }
        try:
            raw = await self.cluster.apply(only_count, manager=naming.COUNT_MANAGER, force=True)
            return await self._write(action, resourceVersion=raw["metadata"]["resourceVersion"])
        except errors.ConflictError:
            return present

    async def _live(self, child: Child) -> dict[str, Any]:
        """Return an object as it is at this moment, or raise ConflictError if it is gone."""
        live = await self.cluster.get(child.kind, child.namespace, child.name)
        if live is None:
            raise errors.ConflictError(f"{child.kind} {child.name} is gone")
        return live

    async def _repair(self, action: Action) -> Outcome:
        child = _child(action)
        live = await self.cluster.get(child.kind, child.namespace, child.name)
        outcome = await self._update(action)
        if live is None:
            return outcome
        notice = drift.explain(self.formation, _intent(action), live)
        return dataclasses.replace(outcome, notices=(notice,))

    async def _adopt(self, action: Action) -> Outcome:
        child = _child(action)
        await self._check_living()
        live = await self._live(child)
        repaired = ownership.taken_over(live["metadata"].get("managedFields") or [])
        if repaired is not None:
            version = live["metadata"]["resourceVersion"]
            operations = [
                {"op": "test", "path": "/metadata/resourceVersion", "value": version},
                {"op": "replace", "path": "/metadata/managedFields", "value": repaired},
            ]
            await self.cluster.patch(child.kind, child.namespace, child.name, operations)
        outcome = await self._update(action)
        note = f"{child.kind} {child.name} had no owner and carries this Formation's labels: adopted it"
        return dataclasses.replace(outcome, notices=(Notice("Adopted", "Adopt", note),))

    async def _check_living(self) -> None:
        """Raise ConflictError if the Formation is going: it may be orphaning its children just now.

        Adopted again, they would be deleted with it.  Kubernetes' own controllers look twice, too.
        """
        mine = self.formation.metadata
        live = await self.cluster.get(naming.KIND, mine.namespace, mine.name)
        metadata = (live or {}).get("metadata") or {}
        if metadata.get("uid") != mine.uid or "deletionTimestamp" in metadata:
            raise errors.ConflictError(f"Formation {mine.name} is being deleted")

    async def _delete(self, action: Action) -> Outcome:
        child = _child(action)
        await self.cluster.delete(child.kind, child.namespace, child.name, child.uid)
        note = f"{child.kind} {child.name} is no longer declared: deleted it"
        return Outcome(action, gone=True, notices=(Notice("Deleted", "Delete", note),))

    async def _wait(self, action: Action) -> Outcome:
        return Outcome(action, problem=action.reason)

    async def _refuse(self, action: Action) -> Outcome:
        return Outcome(action, problem=action.reason, lasting=True)


def _intent(action: Action) -> Intent:
    assert action.intent is not None  # noqa: S101  # the planner gives these verbs an intent
    return action.intent


def _manifest(action: Action) -> dict[str, Any]:
    return _intent(action).manifest


def _child(action: Action) -> Child:
    assert action.child is not None  # noqa: S101  # the planner gives these verbs a child
    return action.child


def _recreated(action: Action) -> Notice:
    manifest = _manifest(action)
    kind, name = manifest["kind"], manifest["metadata"]["name"]
    field = f"spec.processes.{action.process_type}"
    way = f"{field}.service to false" if kind == "Service" else f"{field}.replicas to 0, or remove the type"
    note = f"{kind} {name} was deleted; created it again. To stop it, set {way}"
    return Notice("Recreated", "Create", note, warning=True)
