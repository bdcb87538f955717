"""The pass: bring one Formation's children to what it says, and say how that went."""

import asyncio
import dataclasses
import logging
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from formation_operator.api import naming
from formation_operator.api.formation import Formation
from formation_operator.api.reasons import Trouble
from formation_operator.controller import budgets, parsing, runs
from formation_operator.controller.memory import Memory
from formation_operator.controller.passes import Pass
from formation_operator.controller.plan import Planning
from formation_operator.controller.reporting import Reporting
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import ChildKind, Key
from formation_operator.kube.objects.timestamps import Clock
from formation_operator.kube.port import Cluster
from formation_operator.observe import cache, formations
from formation_operator.observe.cache import Basis
from formation_operator.observe.faults import Faults, Problem
from formation_operator.observe.snapshot import Snapshot, take
from formation_operator.observe.store import Change
from formation_operator.render import disruption
from formation_operator.replicas import scale_requests, write_through
from formation_operator.requeue import Lane, Requeue, Result, Retry, soonest
from formation_operator.rollout.chooser import Chooser
from formation_operator.rollout.desired import Desired, desired
from formation_operator.rollout.releaser import Releaser
from formation_operator.rollout.revision_store import RevisionStore
from formation_operator.rollout.rollout import Rollout
from formation_operator.settings import Settings
from formation_operator.sync import executor, planner, repair_limit
from formation_operator.sync.outcome import Outcome
from formation_operator.sync.planner import Action, Verb
from formation_operator.sync.versioned_writes import VersionedWrites
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)
PAUSED = "a change waits: spec.paused is true"


def loop_time() -> float:
    """Return the seconds of the running loop's clock, which nobody sets."""
    return asyncio.get_running_loop().time()


class Reconciler:
    """Runs passes over what the cache knows."""

    def __init__(  # noqa: PLR0913, PLR0917  # the last one is a test's
        self,
        cluster: Cluster,
        cache_: cache.Cache,
        clock: Clock,
        settings: Settings,
        changed: cache.Changed,
        monotonic: Callable[[], float] = loop_time,
    ) -> None:
        """Take the port to the cluster, the cache, and a clock that gives aware times.

        ``changed`` is called with what a pass has changed in the cache, while it is under way. ``monotonic``
        gives seconds, and nobody sets it.
        """
        self._cluster = cluster
        self._cache = cache_
        self._changed = changed
        self._monotonic = monotonic
        self._settings = settings
        self._memories: dict[str, Memory] = {}
        self._under_way: dict[Key, Basis] = {}
        self._patience = repair_limit.Patience()
        self._store = RevisionStore(cluster, clock)
        self._reporting = Reporting(cluster, cache_, self._store, clock, monotonic)
        self.events = self._reporting.events

    def will_compare(self, key: Key, change: Change[Any]) -> bool:
        """Return whether a pass under way compares a change at its end, where it knows its own writes."""
        return key in self._under_way and self._under_way[key].will_compare(change)

    def forget(self, uid: str) -> None:
        """Forget a Formation that is gone."""
        memory = self._memories.pop(uid, None)
        if memory is not None:
            self._reporting.examiner.forget(memory.evidence)

    async def run(self, key: Key) -> Result:
        """Run one pass; an error that ends it early is in the log."""
        raw = self._cache.formations.get(key)
        if raw is None or "deletionTimestamp" in raw["metadata"]:
            return Result()  # its children go with it, by garbage collection
        # Scale requests are judged by these children: no later count is overwritten.
        basis = Basis(raw, self._cache.children_of(key))
        pass_ = Pass(key, basis, self._memories.setdefault(basis.uid, Memory()), Faults(key))
        self._under_way[key] = basis
        try:
            result = await self._run(pass_)
        except errors.ClusterError as error:
            logger.warning("%s/%s: %s; trying again", *key, error, extra=records.fields(key))
            result = Result(retry=Retry.LASTING if error.is_lasting else Retry.PASSING)
        finally:
            del self._under_way[key]
        return self._finished(pass_, result)

    async def _run(self, pass_: Pass) -> Result:
        raw = pass_.basis.formation
        pass_.basis.formation = await self._whole(raw)
        try:
            return await self._pass(pass_, raw)
        except errors.ClusterError:
            raise
        except parsing.UnreadableError as error:
            return Result(await self._reporting.stall(pass_, error.problem))
        except Exception as error:
            return Result(await self._reporting.stall(pass_, pass_.faults.note("", error)), Retry.LASTING)

    async def _pass(self, pass_: Pass, raw: dict[str, Any]) -> Result:
        formation = parsing.parse(pass_.basis.formation)
        snapshot = self._snapshot(pass_, formation)
        requests = write_through.Requests(
            self._cluster, self._cache, self._settings, snapshot, pass_.memory.answers, self._changed
        )
        has_looked = await requests.honour()
        self.events.post(raw, requests.notices)
        current = self._cache.formations.get(pass_.key)
        if current is None or not pass_.basis.is_for(current):
            return Result()
        if current is not raw:
            pass_.basis.formation = await self._whole(current)
            formation = parsing.parse(pass_.basis.formation)
        if has_looked or current is not raw:  # autoscalers may have been found, too
            snapshot = self._snapshot(pass_, formation)
        memory = pass_.memory.rollout
        rollout = await Chooser(self._cluster, self._store, snapshot, memory, pass_.faults).choose()
        desired = self._desired(pass_, snapshot, rollout, requests.undecided)
        await self._apply(pass_, snapshot, desired)
        rollout = await self._release(pass_, snapshot, rollout)
        desired = dataclasses.replace(desired, rollout=rollout)
        written = (each for outcome in pass_.outcomes for each in outcome.notices)
        self.events.post(pass_.basis.formation, [*rollout.notices, *written])
        requeue = await self._reporting.report(pass_, snapshot, desired)
        requeue = soonest(requeue, rollout.requeue)
        if desired.budgets is not disruption.NONE:
            others = await budgets.look(self._cluster, pass_, snapshot, desired.content, desired.budgets)
            requeue = soonest(requeue, others)
        if pass_.memory.suspended:
            requeue = soonest(requeue, runs.again(pass_, self._monotonic()))
        return Result(requeue, _retry(desired.undecided, pass_.outcomes))

    # What is seen, how far the rollout is, what is to be

    def _snapshot(self, pass_: Pass, formation: Formation) -> Snapshot:
        return take(formation, pass_.basis, self._cache, self._monotonic())

    async def _whole(self, raw: dict[str, Any]) -> dict[str, Any]:
        """Return a Formation with its spec and status, which are read again if they aren't kept.

        Raises `NotFoundError` if it is gone, and `ConflictError` if it has changed: the watch brings both.
        """
        if not raw.get("unkept"):
            return raw
        live = await self._cluster.get(naming.KIND, *formations.key_of(raw))
        if live is None:
            raise errors.NotFoundError("it has gone")
        if not formations.is_same(raw, live):
            raise errors.ConflictError("it has changed while it was read")
        return {**formations.trimmed(live), "reread": True}

    def _desired(
        self, pass_: Pass, snapshot: Snapshot, rollout: Rollout, undecided: Sequence[Problem]
    ) -> Desired:
        declaring = snapshot.spec, *snapshot.spec.processes.values(), *rollout.content.spec.processes.values()
        has_some = any(map(operator.attrgetter("disruption_budget"), declaring))
        declared = budgets.decide(pass_, snapshot, rollout.content) if has_some else disruption.NONE
        return desired(snapshot, rollout, undecided, declared)

    async def _release(self, pass_: Pass, snapshot: Snapshot, rollout: Rollout) -> Rollout:
        """Have the release go on, unless its content has changed meanwhile: that brings another pass."""
        current = self._cache.formations.get(pass_.key)
        seen = formations.lane_of(pass_.basis.formation, current)
        is_current = current is not None and seen not in (Lane.CHANGE, Lane.BUILD)
        memory = pass_.memory.rollout
        releaser = Releaser(self._cluster, self._store, self._cache, snapshot, memory, pass_.faults)
        rollout = await releaser.proceed(rollout, is_current=is_current)
        for job in rollout.jobs:
            self._changed(self._cache.see(kinds.JOB, job))
        return rollout

    # Apply

    async def _apply(self, pass_: Pass, snapshot: Snapshot, desired: Desired) -> None:
        """Render, decide about and write each type and schedule; what isn't wanted goes after that."""
        children, memory = pass_.basis.children, pass_.memory
        if any(child.kind is ChildKind.CRON_JOB for child in children.values()):
            pass_.busy = runs.busy(pass_, self._cache, snapshot.now)
        pods = self._cache.pods_of(pass_.key)
        pass_.unplaced = {pod.process_type for pod in pods if pod.unscheduled is not None}
        memory.keep(children.values())
        context = self._context(pass_, snapshot, desired)
        lost = {*memory.there} - children.keys()
        planning = Planning(pass_, snapshot, desired, context)
        by = executor.Executor(VersionedWrites(self._cluster, snapshot.formation), context, lost)

        async def carry_out(action: Action) -> None:
            if snapshot.spec.paused:
                waits = Problem(action.process_type, Trouble.PAUSED, PAUSED, lasting=False)
                pass_.faults.problems.setdefault(action.process_type, waits)
                return
            self._take_in(pass_, await by.carry_out(action))

        async def bring(name: str) -> None:
            for action in planning.actions(name):
                await carry_out(action)

        await executor.each(carry_out, planning.leaving())
        await executor.each(bring, planning.names)
        await executor.each(carry_out, planning.naming())
        # What isn't wanted goes once the content is named: by its name the next leader knows that.
        await executor.each(carry_out, planning.obsolete())
        # One that isn't wanted was deleted by us, even if a later pass wants it before it has gone.
        owned = {each: child for each, child in children.items() if child.is_owned_by(snapshot.owner.uid)}
        there = {each for each, child in owned.items() if each in memory.there or not child.deleting}
        wanted = {(each.kind, each.name) for each in planning.intents}
        memory.there = tuple(each for each in (*there, *lost) if each in wanted)

    def _context(self, pass_: Pass, snapshot: Snapshot, desired: Desired) -> planner.PlanContext:
        uids = [child.uid for child in pass_.basis.children.values()]
        return planner.PlanContext(
            uid=snapshot.owner.uid,
            living=self._cache.living,
            applied=pass_.memory.applied,
            restless=scale_requests.restless(snapshot.spec, desired.counts) if snapshot.scalers else {},
            exhausted=self._patience.exhausted(uids, self._monotonic()),
            counts=desired.counts,
            suspended=desired.suspended,
        )

    def _take_in(self, pass_: Pass, outcome: Outcome) -> None:
        """Put the answer to a write into the cache, mostly before the watch brings it, and remember it."""
        pass_.outcomes.append(outcome)
        action, child = outcome.action, outcome.child
        if outcome.gone:
            gone = action.existing
            pass_.basis.children.pop((gone.kind, gone.name), None)
            # The deletion has a later version, which no answer shows.
            version = int(gone.resource_version) + 1
            self._changed(self._cache.drop(gone.kind, (gone.namespace, gone.name), version))
        elif child is not None:
            self._changed(self._cache.put(child.kind, child))
            if outcome.is_repair:
                self._patience.repaired(child.uid, self._monotonic())
            if outcome.again:
                return
            if action.verb is not Verb.ADOPT:  # what it is to be is decided after that, at once
                pass_.basis.children[child.kind, child.name] = child
            if action.verb is Verb.SUSPEND:
                pass_.memory.suspended[child.uid] = self._monotonic()
            if action.verb in (Verb.SUSPEND, Verb.SCALE, Verb.SET_SUSPEND, Verb.ADOPT) or outcome.problem:
                pass_.memory.unwritten(child, action.process_type)
            elif action.intent is not None:
                pass_.memory.written(child, action.process_type, action.intent)

    # The end of a pass

    def _finished(self, pass_: Pass, result: Result) -> Result:
        """Return a result with the passes that changes during this pass require."""
        current = self._cache.formations.get(pass_.key)
        lane = pass_.basis.missed(current, self._cache.children_of(pass_.key))
        missed = Requeue(lane, lane.delay) if lane is not None else None
        if result.requeue is None:
            pass_.memory.rendered.clear()
        if not pass_.basis.is_for(current):
            return Result(missed)
        return dataclasses.replace(result, requeue=soonest(result.requeue, missed))


def _retry(undecided: Iterable[Problem], outcomes: Iterable[Outcome]) -> Retry:
    """Return how a pass has to be tried again; what may pass by itself comes before what lasts."""
    lasting = [problem.lasting for problem in undecided]
    found = (outcome.problem for outcome in outcomes if outcome.problem or outcome.again)
    lasting += [problem is not None and problem.lasting for problem in found]
    if not lasting:
        return Retry.NONE
    return Retry.LASTING if all(lasting) else Retry.PASSING
