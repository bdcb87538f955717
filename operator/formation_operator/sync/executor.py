"""Carry out the actions of a plan, each on its own: a failure of one doesn't stop the others."""

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TypeVar

from formation_operator.api import naming
from formation_operator.api.reasons import Trouble
from formation_operator.kube import errors
from formation_operator.kube.objects.kinds import Key
from formation_operator.observe import children
from formation_operator.observe.children import ChildId
from formation_operator.observe.faults import Faults, Problem
from formation_operator.sync import outcome as outcomes
from formation_operator.sync import planner
from formation_operator.sync.outcome import Outcome
from formation_operator.sync.planner import Action, PlanContext, Verb
from formation_operator.sync.versioned_writes import VersionedWrites, check_living
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)
T = TypeVar("T")
TURNS = 2
"""A request is sent in so many turns of the loop: what comes after it can wait."""
CONCURRENT_WRITES = 4
"""How many objects of a Formation are written at the same time, so that others get their share."""


async def each(work: Callable[[T], Awaitable[None]], items: Sequence[T]) -> None:
    """Do some work about each of some items: at most `CONCURRENT_WRITES` at once, in their order."""
    waiting = iter(items)

    async def take() -> None:
        for item in waiting:
            await work(item)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for number in range(min(CONCURRENT_WRITES, len(items))):
            for _ in range(TURNS if number else 0):
                await asyncio.sleep(0)
            group.create_task(take())


@dataclasses.dataclass(frozen=True)
class Executor:
    """Carries out the actions of one pass."""

    writes: VersionedWrites
    context: PlanContext
    lost: Collection[ChildId]
    """The children that another client deleted."""

    async def carry_out(self, action: Action) -> Outcome:
        """Carry out an action, and return its outcome, without the manifest."""
        outcome = await self._one(action)
        action, child = outcome.action, outcome.child
        if child is not None and not outcome.again and not outcome.notices:  # Events are logged when posted
            text = f"{action.verb.value} {child.kind} {child.name}"
            logger.info("%s/%s: %s", *self._key, text, extra=records.fields(self._key, action.process_type))
        intent = dataclasses.replace(action.intent, manifest={}) if action.intent is not None else None
        return dataclasses.replace(outcome, action=dataclasses.replace(action, intent=intent))

    @property
    def _key(self) -> Key:
        return self.writes.formation.metadata.namespace, self.writes.formation.metadata.name

    async def _one(self, action: Action) -> Outcome:
        if action.problem is not None:
            return Outcome(action, problem=action.problem)
        steps: dict[Verb, Callable[[Action], Awaitable[Outcome]]] = {
            Verb.CREATE: self._create,
            Verb.UPDATE: self._update,
            Verb.REPAIR: self.writes.bring,
            Verb.ADOPT: self.writes.adopt,
            Verb.SCALE: self.writes.scale,
            Verb.SET_SUSPEND: self.writes.suspend,
            Verb.SUSPEND: self.writes.suspend,
            Verb.DELETE: self.writes.delete,
        }
        name = action.process_type
        try:
            return await steps[action.verb](action)
        except errors.RefusedError as error:
            return await self._with_count_alone(action, outcomes.refused(action, error))
        except errors.ClusterError as error:
            problem = Problem(name, Trouble.RETRYING, str(error), lasting=False)
        except Exception as error:
            problem = Faults(self._key).note(name, error)
        return Outcome(action, problem=problem)

    async def _with_count_alone(self, action: Action, refusal: Problem) -> Outcome:
        """Return the outcome of a refused write, after the count was written alone if that differs."""
        refused = Outcome(action, problem=refusal)
        alone = planner.alone(action.process_type, action.child, self.context)
        if alone is None or alone.problem is not None:
            return refused
        write = self.writes.scale if alone.verb is Verb.SCALE else self.writes.suspend
        try:
            return dataclasses.replace(await write(alone), problem=refusal)
        except errors.ClusterError:
            return refused

    async def _create(self, action: Action) -> Outcome:
        """Create an object, unless one of its name exists without our labels, or is new to the cache.

        A foreign one is left alone; about one of ours the next pass decides.
        """
        intent, owner = action.intended, self.writes.formation.metadata
        was_deleted = (intent.kind, intent.name) in self.lost
        if was_deleted:
            await check_living(self.writes.cluster, owner)
        try:
            raw = await self.writes.cluster.create(intent.manifest, manager=naming.FIELD_MANAGER)
        except errors.ConflictError:
            live = await self.writes.cluster.get(intent.kind, owner.namespace, intent.name)
            if live is None:
                raise
            child = children.child(live, intent.kind)
            decision = planner.decide(intent, child, self.context)
            if decision is not None and decision.problem is not None:  # it is foreign
                return Outcome(decision, problem=decision.problem)
            return Outcome(action, child, again=True)
        created = outcomes.written(action, raw)
        return created.with_event(outcomes.recreated(action)) if was_deleted else created

    async def _update(self, action: Action) -> Outcome:
        """Write the intent over an object at its known version; after a conflict, read the object first."""
        child = action.existing
        if child.owned:  # otherwise the object has to be read, to see what replaced our managed fields
            try:
                return await self.writes.write(action, child.resource_version)
            except errors.ConflictError as error:
                logger.debug("%s %s/%s: %s", child.kind, child.namespace, child.name, error)
        return await self.writes.bring(action)
