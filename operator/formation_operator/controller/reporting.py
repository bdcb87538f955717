"""The report of a pass: the status, the Events about it, and the revision of what is rolled out."""

import dataclasses
import itertools
import logging
from collections.abc import Callable, Sequence

from formation_operator.api import naming
from formation_operator.api.content import revision_name
from formation_operator.api.formation_status import Revision
from formation_operator.api.reasons import CanaryState, Reason
from formation_operator.controller import runs
from formation_operator.controller.passes import Pass
from formation_operator.diagnose.finding import Finding
from formation_operator.diagnose.investigator import Examiner
from formation_operator.kube import errors
from formation_operator.kube.notices import Notice
from formation_operator.kube.objects import lenient, timestamps
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.objects.timestamps import Clock
from formation_operator.kube.port import Cluster
from formation_operator.observe.cache import Cache
from formation_operator.observe.faults import Problem
from formation_operator.observe.snapshot import Snapshot
from formation_operator.requeue import Lane, Requeue, soonest
from formation_operator.rollout.canary import PATIENCE
from formation_operator.rollout.desired import Desired
from formation_operator.rollout.revision_store import RevisionStore
from formation_operator.rollout.revisions import Record
from formation_operator.status import canary_health, compute, first_minute, release_health, scaling_health
from formation_operator.status.change_events import rolled_out
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
        self._store = store
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
        revision, ended, tried = await self._try(pass_, snapshot, observation)
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
        status = compute.stalled(generation, problem, raw["status"], self._now())
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
        observation, tries_again = await self._of_canaries(pass_, observation)
        waits += [examined.again_in + Lane.REPORT.delay] if examined.again_in is not None else []
        later = Requeue(Lane.REPORT, min(waits)) if waits else None
        return observation, soonest(later, look_again, tries_again)

    async def _of_canaries(self, pass_: Pass, observation: Observation) -> tuple[Observation, Requeue | None]:
        """Return the observation with how the canaries are, and when to go on.

        What was seen of them is noted, and decided about in the next pass.
        """
        if not observation.desired.canaries:
            return observation, None
        snapshot, now = observation.snapshot, observation.snapshot.now
        memory = pass_.memory.rollout
        trial = memory.trial
        names = map(naming.canary, observation.desired.canaries)
        found = (each.reason for name in names for each in observation.findings.get(name, ()))
        trial.imageless = _since(trial.imageless, now) if Reason.IMAGE_PULL_FAILED in found else None
        record = trial.record or Record(revision_name(snapshot.owner.name, memory.digest))
        verdict = canary_health.health(observation, record, trial.imageless, self._now())
        if verdict.status.state == CanaryState.FAILED != trial.state:
            try:
                await self._store.prepare(snapshot, memory, CanaryState.FAILED)
            except errors.ClusterError as error:
                logger.warning("%s/%s: that it has failed isn't noted: %s", *pass_.key, error)
        may_yield = bool(verdict.roomless) and snapshot.spec.canary is None
        trial.roomless = _since(trial.roomless, now) if may_yield else None
        wait = PATIENCE if trial.roomless is None else max(0.0, trial.roomless + PATIENCE - now)
        yields = frozenset[str]() if wait else verdict.roomless
        is_news = (verdict.proven, yields) != (trial.proven, trial.yields)
        requeue = Requeue(Lane.REPORT) if is_news else None
        trial.proven, trial.yields = verdict.proven, yields
        if verdict.status.state == CanaryState.TRYING:
            # No event comes when room or an image lacks for too long, or a process isn't ready in time.
            requeue = soonest(requeue, Requeue(Lane.REPORT, wait or PATIENCE))
        return dataclasses.replace(observation, canary=verdict.status, problems=verdict.problems), requeue

    async def _try(
        self, pass_: Pass, snapshot: Snapshot, observation: Observation
    ) -> tuple[Revision | None, Sequence[Notice], Requeue | None]:
        """Return the newest revision, the Event that ends its deploy, and when it may have run well.

        It isn't ready yet once it is rolled out, and is once it has run well; it stays so.
        """
        newest, before, memory = observation.revision, snapshot.status.revision, pass_.memory
        ready = before.ready if before and memory.rollout.kept in (None, snapshot.reported) else None
        if newest is None or ready:
            memory.first_minute = None
            return before if ready else None, [], None
        now = self._monotonic()
        ended = list[Notice]()
        memory.first_minute = first_minute.go_on(observation, memory.first_minute, now)
        remaining = first_minute.remaining(observation, memory.first_minute, now)
        if ready is None and remaining is not None:  # all processes are available
            deploy = await self._store.deploy(snapshot.owner, memory.rollout, newest)
            ready, ended = False, [rolled_out(deploy, self._clock().timestamp())]
        if first_minute.is_crashing(observation):
            await self._store.note_failed(snapshot.owner, memory.rollout, newest)
        if remaining == 0:
            running = first_minute.running(observation)
            ready = await self._store.note_ran_well(snapshot.owner, memory.rollout, newest, running)
            if not ready:
                memory.first_minute = None  # the minute begins again
                remaining = first_minute.LASTS
        revision = newest.model_copy(update={"ready": ready})
        return revision, ended, Requeue(Lane.REPORT, remaining) if remaining else None

    def _now(self) -> str:
        return timestamps.rfc3339(self._clock())


def _since(before: float | None, now: float) -> float:
    """Return since when something is so that was so before, or wasn't."""
    return now if before is None else before
