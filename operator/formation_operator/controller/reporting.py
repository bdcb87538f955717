"""The report of a pass: the status, the Events about it, and the revision of what is rolled out."""

import dataclasses
import logging
from collections.abc import Callable, Sequence

from formation_operator.api import naming
from formation_operator.api.content import revision_name
from formation_operator.api.formation import FormationSpec
from formation_operator.api.formation_status import Revision
from formation_operator.api.reasons import Reason
from formation_operator.controller import runs
from formation_operator.controller.desired import Desired, problems
from formation_operator.controller.passes import Pass
from formation_operator.diagnose.finding import Finding
from formation_operator.diagnose.investigator import Examiner
from formation_operator.foreground import check
from formation_operator.kube import errors
from formation_operator.kube.notices import Notice
from formation_operator.kube.objects import lenient, timestamps
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.objects.timestamps import Clock
from formation_operator.kube.port import Cluster
from formation_operator.observe.cache import Cache
from formation_operator.observe.faults import Problem
from formation_operator.observe.snapshot import Snapshot
from formation_operator.replicas import scale_requests
from formation_operator.requeue import Lane, Requeue, soonest
from formation_operator.rollout.canary import PATIENCE
from formation_operator.rollout.revision_store import RevisionStore
from formation_operator.rollout.revisions import Record, Trial
from formation_operator.status import canary_health, compute, first_minute, release_health, scaling_health
from formation_operator.status.change_events import rolled_out
from formation_operator.status.observation import Observation
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
        later, raw = pass_.memory.reports.later(self._monotonic()), pass_.basis.formation
        if later is not None:
            return later
        generation = lenient.number(raw["metadata"], "generation")
        status = compute.stalled(generation, problem, raw["status"], self._now())
        return await self._writer.write(pass_.basis, pass_.memory.reports, status)

    async def _observe(
        self, pass_: Pass, snapshot: Snapshot, desired: Desired
    ) -> tuple[Observation, Requeue | None]:
        """Return all that this pass has seen, and when that may be different although no event comes."""
        spec, rollout, now = snapshot.spec, desired.rollout, self._clock().timestamp()
        deployments = snapshot.owned(ChildKind.DEPLOYMENT, desired.counts)
        scalers = snapshot.owned(ChildKind.HORIZONTAL_POD_AUTOSCALER, desired.counts)
        tried = snapshot.owned(ChildKind.DEPLOYMENT, map(naming.canary, desired.canaries))
        pods, evidence = self._cache.pods_of(pass_.key), pass_.memory.evidence
        examined = await self.examiner.examine(evidence, {**tried, **deployments}, pods, now, pass_.faults)
        names = {*(spec.schedules or ()), *(desired.content.spec.schedules or ())}
        schedules = await runs.scheduled(snapshot, self._cache, sorted(names)) if names else {}
        jobs = [rollout.job] if rollout.job is not None else []
        jobs += [job for each in schedules.values() for job in each]
        causes, look_again = dict[str, Finding](), None
        if jobs:
            causes, look_again = await runs.causes(self._cluster, pass_, jobs, examined, now)
        released, unreleased = pass_.memory.rollout.released, rollout.problems
        release = snapshot.status.release
        if rollout.gate is not None or release is not None:
            release, unreleased = release_health.health(snapshot, rollout, released, causes)
        unscaled, waits = scaling_health.trouble(scalers, deployments, now) if scalers else ([], [])
        trouble = Requeue(Lane.REPORT, min(waits)) if waits else None
        intents = [each for own in pass_.intents.values() for each in own if each.kind.traits.runs_processes]
        unkept = pass_.memory.rollout.unkept
        declared = revision_name(snapshot.owner.name, pass_.memory.rollout.digest)
        observation = Observation(
            formation=snapshot.formation,
            counts=desired.counts,
            deployments=deployments,
            intents={each.process_type: each for each in intents},
            canaries=desired.canaries,
            changed={each.action.process_type for each in pass_.outcomes if each.problem is None},
            problems=problems(pass_, snapshot, desired, unreleased),
            pods=examined.pods,
            findings=examined.findings,
            contended=scale_requests.contended(spec, snapshot.owner.name, desired.others),
            unscaled=unscaled,
            notes=dict(scaling_health.notes(spec, scalers)) if scalers else {},
            outvoted=desired.budgets.contended.values(),
            daemonizing=check.warnings(own) if (own := commands(desired.content.spec)) else (),
            revision=pass_.memory.rollout.revision(snapshot),
            release=release,
            canary=snapshot.canary_status(declared) if spec.paused else None,
            schedules=schedules,
            cron_jobs=snapshot.owned(ChildKind.CRON_JOB, schedules),
            suspended=desired.suspended,
            causes=causes,
            unrevised=unkept.found if unkept else None,
        )
        tries_again = None
        if desired.canaries:
            observation, tries_again = await self._of_canaries(pass_, snapshot, observation)
        again = examined.again_in
        changes = Requeue(Lane.REPORT, again + Lane.REPORT.delay) if again is not None else None
        return observation, soonest(changes, look_again, trouble, tries_again)

    async def _of_canaries(
        self, pass_: Pass, snapshot: Snapshot, observation: Observation
    ) -> tuple[Observation, Requeue | None]:
        """Return the observation with how the canaries are, and when to go on.

        What was seen of them is noted, and decided about in the next pass.
        """
        memory, now = pass_.memory.rollout, snapshot.now
        names = map(naming.canary, observation.canaries)
        found = (each.reason for name in names for each in observation.findings.get(name, ()))
        memory.imageless = _since(memory.imageless, now) if Reason.IMAGE_PULL_FAILED in found else None
        record = memory.record or Record(revision_name(snapshot.owner.name, memory.digest))
        verdict = canary_health.health(snapshot, observation, record, memory.imageless, self._now())
        if verdict.trial is Trial.FAILED is not memory.trial:
            try:
                await self._store.prepare(snapshot, memory, Trial.FAILED)
            except errors.ClusterError as error:
                logger.warning("%s/%s: that it has failed isn't noted: %s", *pass_.key, error)
        may_yield = bool(verdict.roomless) and snapshot.spec.canary is None
        memory.roomless = _since(memory.roomless, now) if may_yield else None
        wait = PATIENCE if memory.roomless is None else max(0.0, memory.roomless + PATIENCE - now)
        yields = frozenset[str]() if wait else verdict.roomless
        is_news = (verdict.proven, yields) != (memory.proven, memory.yields)
        requeue = Requeue(Lane.REPORT) if is_news else None
        memory.proven = verdict.proven
        memory.yields = yields
        if verdict.trial is Trial.TRYING:
            # No event comes when room or an image lacks for too long, or a process isn't ready in time.
            requeue = soonest(requeue, Requeue(Lane.REPORT, wait or PATIENCE))
        return dataclasses.replace(observation, canary=verdict.status, problems=verdict.problems), requeue

    async def _try(
        self, pass_: Pass, snapshot: Snapshot, observation: Observation
    ) -> tuple[Revision | None, Sequence[Notice], Requeue | None]:
        """Return the newest revision, the Event that ends its deploy, and when it may have run well.

        It isn't ready yet once it is rolled out, and is once it has run well; it stays so.
        """
        newest, known, memory = observation.revision, snapshot.status.revision, pass_.memory
        ready = known.ready if known and memory.rollout.kept in (None, snapshot.reported) else None
        if newest is None or ready:
            memory.first_minute = None
            return known if ready else None, [], None
        now, ended = self._monotonic(), list[Notice]()
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
                memory.first_minute, remaining = None, first_minute.LASTS  # the minute begins again
        revision = newest.model_copy(update={"ready": ready})
        return revision, ended, Requeue(Lane.REPORT, remaining) if remaining else None

    def _now(self) -> str:
        return timestamps.rfc3339(self._clock())


def _since(before: float | None, now: float) -> float:
    """Return since when something is so that was so before, or wasn't."""
    return now if before is None else before


def commands(content: FormationSpec) -> dict[str, list[str]]:
    """Return the command of each type that has one; otherwise the image decides."""
    types = content.processes.items()
    return {name: [*item.command, *(item.args or [])] for name, item in types if item.command}
