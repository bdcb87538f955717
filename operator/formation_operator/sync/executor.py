"""Carry out what was planned, each object on its own: one that fails holds up no other."""

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from formation_operator.api import naming
from formation_operator.api.formation import Formation
from formation_operator.api.reasons import Trouble
from formation_operator.kube import errors
from formation_operator.kube.events.notices import Notice
from formation_operator.kube.port import Cluster
from formation_operator.observe import children, faults, managed_fields
from formation_operator.observe.children import Child, ChildId, Key
from formation_operator.render.desired import Intent
from formation_operator.sync import drift_event, planner
from formation_operator.sync.planner import Action, PlanContext, Verb
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)
AT_ONCE = 4
"""How many objects of a Formation are written at the same time: the API server is there for others, too."""
INTENT = f"/metadata/annotations/{naming.INTENT_ANNOTATION.replace('/', '~1')}"
"""The digest of an intent, as a JSON pointer."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of one action."""

    action: Action
    child: Child | None = None
    """The object as it is now, if it was written or found."""
    again: bool = False
    """Whether nothing of the intent was written, because the object isn't what was decided about."""
    gone: bool = False
    problem: str | None = None
    """Why it couldn't be done, in words."""
    lasting: bool = False
    """Whether waiting won't fix the problem."""
    notices: tuple[Notice, ...] = ()


@dataclasses.dataclass(frozen=True)
class Executor:
    """Carries out the actions of one pass."""

    cluster: Cluster
    formation: Formation
    context: PlanContext
    lost: Collection[ChildId]
    """The objects of ours that somebody deleted."""
    remember: Callable[[Outcome], None]
    """Is given each outcome as it comes, before the object is heard of again."""

    async def run(self, actions: list[Action]) -> list[Outcome]:
        """Carry out all actions, begun in their order and a few at a time, and return what came of each."""
        places = asyncio.Semaphore(AT_ONCE)

        async def carry_out(action: Action) -> Outcome:
            async with places:
                outcome = _about(action, await self._one(action))
                self.remember(outcome)
                self._log(outcome)
                return outcome

        return await asyncio.gather(*map(carry_out, actions))

    @property
    def _key(self) -> Key:
        return self.formation.metadata.namespace, self.formation.metadata.name

    def _log(self, outcome: Outcome) -> None:
        """Log what was written, unless an Event tells: whoever posts that logs it, too."""
        action, child = outcome.action, outcome.child
        if child is not None and not outcome.again and not outcome.notices:
            did = f"{action.verb.value} {child.kind} {child.name}"
            logger.info("%s/%s: %s", *self._key, did, extra=records.about(self._key, action.process_type))

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
        except Exception as error:
            logger.exception(
                "%s/%s: %s can't be written",
                *self._key,
                action.process_type,
                extra=records.about(self._key, action.process_type),
            )
            fault = faults.problem(action.process_type, error)
            ended = dataclasses.replace(action, trouble=Trouble.INTERNAL_ERROR)
            return Outcome(ended, problem=fault.message, lasting=True)

    async def _create(self, action: Action) -> Outcome:
        """Create an object, unless one of its name exists that our labels or the watch didn't show us."""
        manifest, kind, name = _manifest(action), _intent(action).kind, _intent(action).name
        try:
            raw = await self.cluster.create(manifest, manager=naming.FIELD_MANAGER)
        except errors.ConflictError:
            live = await self.cluster.get(kind, manifest["metadata"]["namespace"], name)
            if live is None:
                raise
            return await self._found(action, children.child(live, kind))
        lost = (kind, name) in self.lost
        notices = (_recreated(action),) if lost else ()
        return Outcome(action, children.child(raw, kind), notices=notices)

    async def _found(self, action: Action, child: Child) -> Outcome:
        """Leave an object that isn't for us; decide anew about one that is, its count included."""
        found = planner.decide(_intent(action), child, self.context)
        if found is not None and found.verb in (Verb.WAIT, Verb.REFUSE):
            return await self._one(found)
        return Outcome(action, child, again=True)

    async def _update(self, action: Action) -> Outcome:
        """Write the intent over an object as it was decided about; after a conflict, look at it."""
        child = _child(action)
        if child.owned:  # or what has taken our entry's place has to be seen
            try:
                return await self._write(action, child.resource_version)
            except errors.ConflictError as error:
                logger.debug("%s %s/%s: %s", child.kind, child.namespace, child.name, error)
        return await self._bring(action, await self._live(child))

    async def _bring(self, action: Action, live: dict[str, Any]) -> Outcome:
        """Write the intent over an object, given as it is at this moment.

        Nothing is written over what nobody has decided about: a count that somebody set just now, or
        an object that has lost the entry by which we know what is ours. The next pass decides anew.
        Raises `ConflictError` if the object wasn't changed: it is something else that is in the way.
        """
        child, version = _child(action), str(live["metadata"]["resourceVersion"])
        if not _as_decided(child, live):
            return _anew(action, live)
        try:
            repaired = managed_fields.taken_over(live["metadata"].get("managedFields") or [])
            if repaired is not None:
                return await self._take_over(action, version, repaired)
            return await self._write(action, version)
        except errors.ConflictError:
            moved = await self._live(child)
            if moved["metadata"]["resourceVersion"] == version:
                raise
            return _anew(action, moved)

    async def _write(self, action: Action, version: str) -> Outcome:
        """Write the intent over an object that has a version, or raise `ConflictError` if it has another."""
        child, manifest = _child(action), _manifest(action)
        version = await self._hand_over(action, version)
        metadata = {**manifest["metadata"], "uid": child.uid, "resourceVersion": version}
        raw = await self.cluster.apply({**manifest, "metadata": metadata}, manager=naming.FIELD_MANAGER)
        return Outcome(action, children.child(raw, child.kind))

    async def _hand_over(self, action: Action, version: str) -> str:
        """Give a count that the intent mentions no more to a manager of its own, so that it stays as it is.

        Returns the version that the object has then.
        """
        child = _child(action)
        if _intent(action).handed_over is None:
            return version
        only_count = {
            "apiVersion": child.kind.traits.api.api_version,
            "kind": child.kind,
            "metadata": {
                "name": child.name,
                "namespace": child.namespace,
                "uid": child.uid,
                "resourceVersion": version,
            },
            "spec": {"replicas": _intent(action).handed_over},
        }
        raw = await self.cluster.apply(only_count, manager=naming.COUNT_MANAGER)
        return str(raw["metadata"]["resourceVersion"])

    async def _take_over(self, action: Action, version: str, repaired: list[dict[str, Any]]) -> Outcome:
        """Make the fields of a restored object ours."""
        child = _child(action)
        operations: list[dict[str, Any]] = [
            {"op": "replace", "path": "/metadata/managedFields", "value": repaired},
            # Makes it a conflict if the object was changed meanwhile.
            {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
        ]
        if child.digest is not None:  # what is in the fields isn't known to be what we mean
            operations.append({"op": "remove", "path": INTENT})
        return _anew(action, await self.cluster.patch(child.kind, child.namespace, child.name, operations))

    async def _live(self, child: Child) -> dict[str, Any]:
        """Return an object as it is at this moment, or raise ConflictError if it is gone."""
        live = await self.cluster.get(child.kind, child.namespace, child.name)
        if live is None:
            raise errors.ConflictError(f"{child.kind} {child.name} is gone")
        return live

    async def _repair(self, action: Action) -> Outcome:
        live = await self._live(_child(action))
        return _with_notice(
            await self._bring(action, live), drift_event.explain(self.formation, _intent(action), live)
        )

    async def _adopt(self, action: Action) -> Outcome:
        child = _child(action)
        await self._check_living()
        note = f"{child.kind} {child.name} had no owner and carries this Formation's labels: adopted it"
        return _with_notice(await self._update(action), Notice("Adopted", "Adopt", note))

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
        """Delete an object as it was decided about; one that has changed since, only if that is no matter."""
        child = _child(action)
        try:
            await self._remove(child, child.resource_version)
        except errors.ConflictError:
            live = await self.cluster.get(child.kind, child.namespace, child.name)
            if live is not None and live["metadata"]["uid"] == child.uid:  # else it has gone
                if not _as_decided(child, live):
                    return _anew(action, live)
                await self._remove(child, live["metadata"]["resourceVersion"])
        note = f"{child.kind} {child.name} is no longer declared: deleted it"
        return Outcome(action, gone=True, notices=(Notice("Deleted", "Delete", note),))

    async def _remove(self, child: Child, version: str) -> None:
        await self.cluster.delete(child.kind, child.namespace, child.name, child.uid, version)

    async def _wait(self, action: Action) -> Outcome:
        return Outcome(action, problem=action.reason)

    async def _refuse(self, action: Action) -> Outcome:
        return Outcome(action, problem=action.reason, lasting=True)


def _as_decided(child: Child, live: dict[str, Any]) -> bool:
    """Tell whether an object has changed, if it has, in nothing that the decision about it was made of."""
    return _decided(children.child(live, child.kind)) == _decided(child)


def _decided(child: Child) -> tuple[object, ...]:
    """Return what tells whose an object is, what was written last, and whose its count is."""
    whose = child.uid, child.owner, child.formation, child.process_type, child.selected, child.deleting
    return *whose, child.digest, child.replicas, child.remembered, child.owns_count


def _anew(action: Action, live: dict[str, Any]) -> Outcome:
    """Return the outcome that has the next pass decide about an object as it is now."""
    return Outcome(action, children.child(live, _child(action).kind), again=True)


def _about(action: Action, outcome: Outcome) -> Outcome:
    """Return an outcome whose Events say which type they are about."""
    if not outcome.notices:
        return outcome
    told = tuple(dataclasses.replace(notice, process_type=action.process_type) for notice in outcome.notices)
    return dataclasses.replace(outcome, notices=told)


def _with_notice(outcome: Outcome, notice: Notice) -> Outcome:
    """Return the outcome with an Event, if anything was done."""
    return outcome if outcome.again else dataclasses.replace(outcome, notices=(notice,))


def _intent(action: Action) -> Intent:
    assert action.intent is not None  # noqa: S101  # the planner gives these verbs an intent
    return action.intent


def _manifest(action: Action) -> dict[str, Any]:
    return _intent(action).manifest


def _child(action: Action) -> Child:
    assert action.child is not None  # noqa: S101  # the planner gives these verbs a child
    return action.child


def _recreated(action: Action) -> Notice:
    intent = _intent(action)
    stopped = f"spec.processes.{action.process_type}.replicas to 0, or remove the type"
    way = f"{intent.switch} to false" if intent.switch else stopped
    note = f"{intent.kind} {intent.name} was deleted; created it again. To stop it, set {way}"
    return Notice("Recreated", "Create", note, warning=True)
