"""The pass: bring one Formation's children to what it says, and say how that went."""

import dataclasses
import functools
import logging
from collections.abc import Sequence
from typing import Any

from formation_operator.api import formation_status, naming
from formation_operator.api.formation import Formation
from formation_operator.api.formation_status import FormationStatus
from formation_operator.controller import parsing, steps
from formation_operator.controller.memory import Memory
from formation_operator.controller.steps import Wanted
from formation_operator.diagnose import investigator
from formation_operator.foreground import check
from formation_operator.kube import errors
from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.kinds import Key
from formation_operator.kube.objects.timestamps import Clock
from formation_operator.kube.port import Cluster
from formation_operator.observe import autoscalers, cache, formations
from formation_operator.observe.autoscalers import Deciding
from formation_operator.observe.basis import Basis
from formation_operator.observe.faults import Faults, Problem
from formation_operator.replicas import scale_requests, write_through
from formation_operator.requeue import Lane, Left, Requeue, Result, soonest
from formation_operator.settings import Settings
from formation_operator.status import compute, writer
from formation_operator.status.observation import Seen
from formation_operator.sync import executor, planner, repair_limit
from formation_operator.sync.outcome import Outcome
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Pass:
    """What one pass is about, and works with."""

    key: Key
    basis: Basis
    memory: Memory
    faults: Faults


class Reconciler:
    """Runs passes over what the cache knows."""

    def __init__(self, cluster: Cluster, known: cache.Cache, clock: Clock, settings: Settings) -> None:
        """Take the port to the cluster, the cache, and a clock that gives aware times."""
        self._cluster = cluster
        self._cache = known
        self._clock = clock
        self._delay = settings.status_delay
        policy = scale_requests.Policy(settings.write_through, frozenset(settings.honour))
        self._requests = write_through.Requests(cluster, known, policy)
        self._patience = repair_limit.Patience()
        self._reporter = writer.Reporter(cluster, known, clock, settings.status_delay)
        self._examiner = investigator.Examiner(cluster)
        self._memories: dict[str, Memory] = {}
        self._under_way: set[Key] = set()

    async def learn(self) -> bool:
        """Find out what can be written of a status in this cluster; tell whether that is news."""
        return await self._reporter.learn()

    def is_under_way(self, key: Key) -> bool:
        """Tell whether a pass is under way, which wants another itself if it has missed anything."""
        return key in self._under_way

    def see(self, formation: dict[str, Any]) -> None:
        """Take note of each version of a Formation, between passes and during one."""
        memory = self._memories.get(formations.uid_of(formation))
        if memory is not None:
            write_through.resolve(memory.answers, formation)

    def begin_anew(self) -> None:
        """Drop all that is remembered: what another replica has done since isn't in it."""
        self._memories.clear()
        self._patience = repair_limit.Patience()
        self._examiner = investigator.Examiner(self._cluster)

    def forget(self, uid: str) -> None:
        """Drop what is remembered of a Formation that is gone."""
        memory = self._memories.pop(uid, None)
        if memory is not None:
            self._examiner.forget(memory.evidence)

    async def run(self, key: Key) -> Result:
        """Run one pass; what ends it early is in the result."""
        raw = self._cache.formations.get(key)
        if raw is None or "deletionTimestamp" in raw["metadata"]:
            return Result()  # its children go with it, by garbage collection
        # As the requests are judged by: what comes while that is done is found before it is written over.
        basis = Basis(raw, self._cache.children_of(key))
        memory = self._memories.setdefault(basis.uid, Memory())
        this = Pass(key, basis, memory, Faults(key))
        self._under_way.add(key)
        try:
            result = await self._run(this)
        except errors.ClusterError as error:
            result = self._ended(this, error)
        finally:
            self._under_way.remove(key)
        return self._look_back(this, result)

    async def _run(self, this: Pass) -> Result:
        known = this.basis.formation
        this.basis.formation = await self._whole(known)
        with this.faults.ending(""):
            try:
                return await self._pass(this, known)
            except parsing.UnreadableError as error:
                return Result(await self._stall(this, error.problem))
        return Result(await self._stall(this, this.faults.problems[""]), Left.LASTING)

    async def _pass(self, this: Pass, known: dict[str, Any]) -> Result:
        formation = parsing.parse(this.basis.formation)
        undecided = await self._write_through(this, formation)
        current = self._cache.formations.get(this.key)
        if current is None or not this.basis.is_about(current):
            return Result()
        if current is not known:
            this.basis.formation = await self._whole(current)
            formation = parsing.parse(this.basis.formation)
        before = formation_status.read(this.basis.formation["status"], formation.spec.processes)
        autoscaled = self._autoscalers(formation)
        counts = steps.counts(formation, before, this.basis.children, autoscaled, undecided)
        wanted = (
            None if undecided else steps.rendered_before(this.memory, formation, counts, this.basis.children)
        ) or steps.unrendered(formation, counts, this.basis.children, undecided)
        outcomes = await self._act(this, wanted)
        await self._reporter.record(
            this.basis.formation, [notice for outcome in outcomes for notice in outcome.notices]
        )
        later = self._reporter.later(this.memory.reports, outcomes)
        is_all_written = later is not None and not (undecided or wanted.failed or this.faults.problems)
        this.memory.rendered = wanted.without_manifests() if is_all_written else None
        requeue = later or await self._report(this, wanted, before, outcomes)
        return Result(requeue, steps.left(undecided, outcomes))

    async def _whole(self, known: dict[str, Any]) -> dict[str, Any]:
        """Return a Formation with its spec and status, which are read again if they aren't kept.

        Raises `NotFoundError` if it has gone, and `ConflictError` if it is another one by now: the watch
        tells of that.
        """
        if not known.get("unkept"):
            return known
        live = await self._cluster.get(naming.KIND, *formations.key_of(known))
        if live is None:
            raise errors.NotFoundError("it has gone")
        if not formations.is_same(known, live):
            raise errors.ConflictError("it has changed while it was read")
        return formations.trimmed(live)

    async def _write_through(self, this: Pass, formation: Formation) -> list[Problem]:
        """Give the Formation what was asked of its Deployments; return what couldn't be decided."""
        status = this.basis.formation["status"]
        judged = await self._requests.honour(formation, status, this.basis.children, this.memory.answers)
        await self._reporter.record(this.basis.formation, judged.notices)
        if judged.error is not None:
            raise judged.error
        return judged.undecided

    def _autoscalers(self, formation: Formation) -> Deciding:
        """Return who scales a Formation and its Deployments."""
        about = formation.metadata
        named = [naming.child(about.name, each) for each in formation.spec.processes]
        return autoscalers.deciding(self._cache.autoscalers_of(about.namespace, [about.name, *named]))

    async def _act(self, this: Pass, wanted: Wanted) -> list[Outcome]:
        """Render what is wanted, bring the children to that, and remember how they are then."""
        formation, children = wanted.formation, this.basis.children
        if formation.spec.paused:
            async for _ in steps.render(wanted, this.faults):
                pass
            return []
        this.memory.keep(children.values())
        context = planner.PlanContext(
            uid=formation.metadata.uid,
            living=self._cache.living,
            claims=self._cache.claims(this.key),
            settled=this.memory.settled,
            restless=scale_requests.restless(formation.spec, wanted.counts),
            exhausted=self._patience.exhausted(
                (child.uid for child in children.values()), self._clock().timestamp()
            ),
        )
        actions = steps.actions(wanted, children, context, this.memory, this.faults)
        lost = self._cache.lost_by(this.key)
        remember = functools.partial(self._remember, this)
        return await executor.Executor(self._cluster, formation, context, lost, remember).run(actions)

    def _remember(self, this: Pass, outcome: Outcome) -> None:
        """Put the answer to our write into the cache, mostly ahead of the watch."""
        action, child = outcome.action, outcome.child
        if outcome.gone and action.child is not None:
            this.basis.deleted(action.child)
            self._cache.drop_own(action.child)
        elif child is not None:
            self._cache.put(child.kind, child)
            if outcome.taken_over:  # who replaces the whole object again and again isn't fought either
                self._patience.repaired(child.uid, self._clock().timestamp())
            if action.intent is None or outcome.again:
                return
            this.basis.written(child)
            this.memory.settle(child, action.intent.settled_as)
            if child.kind.traits.runs_processes and action.intent.whole:
                this.memory.answers.pop(action.process_type, None)
            if action.verb in (planner.Verb.REPAIR, planner.Verb.ADOPT):
                self._patience.repaired(child.uid, self._clock().timestamp())

    async def _report(
        self, this: Pass, wanted: Wanted, before: FormationStatus, outcomes: Sequence[Outcome]
    ) -> Requeue | None:
        """Write how all is, and return when to look again: time alone may change what is wrong with Pods."""
        children = this.basis.shown = self._cache.children_of(this.key)
        deployments = steps.own_deployments(wanted.formation, children)
        pods, now = self._cache.pods_of(this.key), self._clock().timestamp()
        examined = await self._examiner.examine(this.memory.evidence, deployments, pods, now, this.faults)
        known = self._autoscalers(wanted.formation)
        seen = Seen(
            name=wanted.formation.metadata.name,
            generation=wanted.formation.metadata.generation,
            counts=steps.counts(wanted.formation, before, children, known, wanted.undecided),
            deployments=deployments,
            digests={name: intent.digest for name, intent in wanted.deployments.items()},
            images={name: dict(intent.images) for name, intent in wanted.deployments.items()},
            problems=steps.problems(wanted, this.faults, outcomes),
            pods=examined.pods,
            findings=examined.findings,
            suspended=bool(wanted.formation.spec.suspend),
            paused=bool(wanted.formation.spec.paused),
            contended=scale_requests.contended(wanted.formation.spec, this.key[1], known),
            daemonizing=check.warnings(steps.commands(wanted.formation)),
            undeclared=self._reporter.undeclared,
        )
        status = steps.report(seen, before, self._now(), this.faults)
        again = examined.again_in
        return soonest(
            await self._reporter.write(this.basis, this.memory.reports, status),
            Requeue(Lane.REPORT, again + self._delay) if again is not None else None,
        )

    async def _stall(self, this: Pass, problem: Problem) -> Requeue | None:
        """Say why nothing can be done about a Formation."""
        raw = this.basis.formation
        generation = lenient.number(raw["metadata"], "generation")
        status = compute.stalled(generation, problem, raw["status"], self._now())
        return await self._reporter.write(this.basis, this.memory.reports, status)

    def _ended(self, this: Pass, error: errors.ClusterError) -> Result:
        """Return what comes after an error; that the Formation has gone is believed of the watch alone."""
        logger.warning("%s/%s: %s; trying again", *this.key, error, extra=records.about(this.key))
        return Result(
            left=Left.LASTING if isinstance(error, errors.RefusedError) else Left.PASSING, error=error
        )

    def _look_back(self, this: Pass, result: Result) -> Result:
        """Return a result with what has come during the pass; who has gone during it wants nothing else."""
        current = self._cache.formations.get(this.key)
        lane = this.basis.missed(current, self._cache.children_of(this.key))
        missed = None if lane is None else Requeue(lane, self._delay if lane is Lane.REPORT else 0.0)
        if not this.basis.is_about(current):
            return Result(missed)
        return dataclasses.replace(result, requeue=soonest(result.requeue, missed))

    def _now(self) -> str:
        return self._clock().strftime("%Y-%m-%dT%H:%M:%SZ")
