"""The report of a pass: the status, and the Events about it."""

import dataclasses
import itertools
import logging
from collections.abc import Callable

from formation_operator.api import naming
from formation_operator.api.content import revision_name
from formation_operator.controller import runs
from formation_operator.controller.passes import Pass
from formation_operator.controller.trials import Trials
from formation_operator.diagnose.finding import Finding
from formation_operator.diagnose.investigator import Examiner
from formation_operator.kube.objects import lenient, timestamps
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.objects.timestamps import Clock
from formation_operator.kube.port import Cluster
from formation_operator.observe import formations
from formation_operator.observe.cache import Cache
from formation_operator.observe.faults import Problem
from formation_operator.observe.snapshot import Snapshot
from formation_operator.requeue import Lane, Requeue, soonest
from formation_operator.rollout.desired import Desired
from formation_operator.rollout.revision_store import RevisionStore
from formation_operator.status import compute, release_health, scaling_health
from formation_operator.status.observation import Observation, problems
from formation_operator.status.poster import Poster
from formation_operator.status.writer import Reporter

logger = logging.getLogger(__name__)


class Reporting:
    """Reports how passes went."""

    def __init__(
        self,
        cluster: Cluster,
        cache: Cache,
        store: RevisionStore,
        clock: Clock,
        monotonic: Callable[[], float],
    ) -> None:
        """Take the port to the cluster, what is known of it, the revisions, and the clocks.

        Nobody sets the second clock.
        """
        self._cluster = cluster
        self._cache = cache
        self._trials = Trials(store, clock, monotonic)
        self._clock = clock
        self._monotonic = monotonic
        self.events = Poster(cluster)
        self._writer = Reporter(cluster, cache, self.events.post, monotonic)
        self.examiner = Examiner(cluster)

    async def report(self, pass_: Pass, snapshot: Snapshot, desired: Desired) -> Requeue | None:
        """Write the status, unless that has to wait for the answer to what this pass changed.

        Return when to do so again, as findings about Pods may change with time alone.
        """
        later = pass_.memory.reports.later(self._monotonic(), pass_.outcomes)
        if later is not None:
            return later
        children = pass_.basis.shown = self._cache.children_of(pass_.key)
        snapshot = dataclasses.replace(snapshot, children=children)
        observation, again = await self._observe(pass_, snapshot, desired)
        revision, ended, tried = await self._trials.finish(pass_, observation)
        observation = dataclasses.replace(observation, revision=revision)
        status = compute.compute(observation, snapshot.status, self._now())
        written = await self._writer.write(pass_.basis, pass_.memory.reports, status, ended)
        return soonest(written, again, tried)

    async def stall(self, pass_: Pass, problem: Problem) -> Requeue | None:
        """Write why a Formation can't be used into its status; return when to try again."""
        raw = pass_.basis.formation
        later = pass_.memory.reports.later(self._monotonic())
        if later is not None:
            return later
        generation = lenient.number(raw["metadata"], "generation")
        status = compute.stalled(generation, problem, formations.status_of(raw), self._now())
        return await self._writer.write(pass_.basis, pass_.memory.reports, status)

    async def _observe(
        self, pass_: Pass, snapshot: Snapshot, desired: Desired
    ) -> tuple[Observation, Requeue | None]:
        """Return all that this pass has seen, and when that may be different although no event comes."""
        rollout, memory = desired.rollout, pass_.memory.rollout
        now = self._clock().timestamp()
        types = *desired.counts, *map(naming.canary, desired.canaries)
        deployments = snapshot.owned(ChildKind.DEPLOYMENT, types)
        scalers = snapshot.owned(ChildKind.HORIZONTAL_POD_AUTOSCALER, desired.counts)
        pods, evidence = self._cache.pods_of(pass_.key), pass_.memory.evidence
        examined = await self.examiner.examine(evidence, deployments, pods, now, pass_.faults)
        names = {*(snapshot.spec.schedules or ()), *(desired.content.spec.schedules or ())}
        schedules = await runs.scheduled(snapshot, self._cache, sorted(names)) if names else {}
        jobs = [*filter(None, [rollout.job]), *itertools.chain(*schedules.values())]
        causes, look_again = dict[str, Finding](), None
        if jobs:
            causes, look_again = await runs.causes(self._cluster, pass_, jobs, examined, now)
        release, unreleased = None, rollout.problems
        if rollout.gate is not None or snapshot.status.release is not None:
            release, unreleased = release_health.health(snapshot, rollout, memory.released, causes)
        unscaled, waits = scaling_health.trouble(scalers, deployments, now) if scalers else ([], [])
        declared = revision_name(snapshot.owner.name, memory.digest)
        observation = Observation(
            snapshot,
            desired,
            intents=pass_.deployments,
            changed={each.action.process_type for each in pass_.outcomes if each.problem is None},
            problems=problems(snapshot, desired, [*unreleased, *pass_.problems], memory.released),
            pods=examined.pods,
            findings=examined.findings,
            unscaled=unscaled,
            notes=dict(scaling_health.notes(snapshot.spec, scalers)) if scalers else {},
            revision=memory.revision(snapshot),
            release=release,
            canary=snapshot.canary_status(declared) if snapshot.spec.paused else None,
            schedules=schedules,
            causes=causes,
            unrevised=memory.unkept.found if memory.unkept else None,
        )
        observation, tries_again = await self._trials.look(pass_, observation)
        waits += [examined.again_in + Lane.REPORT.delay] if examined.again_in is not None else []
        later = Requeue(Lane.REPORT, min(waits)) if waits else None
        return observation, soonest(later, look_again, tries_again)

    def _now(self) -> str:
        return timestamps.rfc3339(self._clock())
