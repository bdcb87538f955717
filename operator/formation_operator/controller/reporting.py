"""The report of a pass: the status, the Events about it, and the revision of what is rolled out."""

import contextlib
import dataclasses
from collections.abc import Callable

from formation_operator.api import naming
from formation_operator.api.formation import FormationSpec
from formation_operator.api.formation_status import FormationStatus, Revision
from formation_operator.controller import runs
from formation_operator.controller.passes import Pass
from formation_operator.controller.wanted import Wanted, owned, problems
from formation_operator.diagnose.investigator import Examiner
from formation_operator.foreground import check
from formation_operator.kube.objects import lenient, timestamps
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.objects.timestamps import Clock
from formation_operator.kube.port import Cluster
from formation_operator.observe.cache import Cache
from formation_operator.observe.faults import Faults, Problem
from formation_operator.release import progress
from formation_operator.release.asked import Asked, Chosen
from formation_operator.release.releaser import Releaser
from formation_operator.replicas import scale_requests
from formation_operator.requeue import Lane, Requeue, soonest
from formation_operator.status import canary_health, compute, scaling_health, trial
from formation_operator.status.observation import Seen
from formation_operator.status.poster import Poster
from formation_operator.status.writer import Reporter


class Reporting:
    """Reports how passes went."""

    def __init__(
        self,
        cluster: Cluster,
        cache: Cache,
        releaser: Releaser,
        clock: Clock,
        monotonic: Callable[[], float],
    ) -> None:
        """Take the port to the cluster, the cache, who knows more, and the clocks; nobody sets the second."""
        self._cluster = cluster
        self._known = cache
        self._releaser = releaser
        self._clock = clock
        self._monotonic = monotonic
        self._writer = Reporter(cluster, monotonic)
        self.events = Poster(cluster)
        self.examiner = Examiner(cluster)

    async def report(self, pass_: Pass, wanted: Wanted, asked: Asked, chosen: Chosen) -> Requeue | None:
        """Write the status, unless that has to wait for the answer to what this pass changed.

        Return when to do so again, as findings about Pods may change with time alone.
        """
        later = pass_.memory.reports.later(self._monotonic(), pass_.outcomes)
        if later is not None:
            return later
        seen, again = await self._seen(pass_, wanted, asked, chosen)
        revision, tried = await self._try(pass_, asked, seen)
        seen = dataclasses.replace(seen, revision=revision)
        status = _computed(seen, asked.before, self._now(), pass_.faults)
        return soonest(await self._write(pass_, status), again, tried)

    async def stall(self, pass_: Pass, problem: Problem) -> Requeue | None:
        """Write why a Formation can't be used into its status; return when to try again."""
        later, raw = pass_.memory.reports.later(self._monotonic()), pass_.basis.formation
        if later is not None:
            return later
        generation = lenient.number(raw["metadata"], "generation")
        return await self._write(pass_, compute.stalled(generation, problem, raw["status"], self._now()))

    async def _seen(
        self, pass_: Pass, wanted: Wanted, asked: Asked, chosen: Chosen
    ) -> tuple[Seen, Requeue | None]:
        """Return all that this pass has seen, and when that may be different although no event comes."""
        children = pass_.basis.shown = self._known.children_of(pass_.key)
        formation, unkept = wanted.formation, asked.noted.unkept
        deployments = owned(ChildKind.DEPLOYMENT, formation.metadata, wanted.counts, children)
        scalers = owned(ChildKind.HORIZONTAL_POD_AUTOSCALER, formation.metadata, wanted.counts, children)
        pods, now = self._known.pods_of(pass_.key), self._clock().timestamp()
        tried = owned(ChildKind.DEPLOYMENT, formation.metadata, map(naming.canary, wanted.canaries), children)
        both = {**tried, **deployments}
        examined = await self.examiner.examine(pass_.memory.evidence, both, pods, now, pass_.faults)
        schedules = await runs.scheduled(pass_, self._known, wanted)
        jobs = [chosen.job] if chosen.job is not None else []
        jobs += [job for each in schedules.values() for job in each.jobs]
        causes, look_again = await runs.causes(self._cluster, pass_, jobs, examined, now)
        try:
            cause = causes.get(chosen.job.name) if chosen.job is not None else None
            chosen = progress.said(asked, chosen, cause)
        except Exception as error:
            pass_.faults.note("", error)
        found = problems(pass_, wanted, chosen)
        known = canary_health.Known(wanted.canaries, tried, pass_.intents, examined.findings, found)
        canary, unready = canary_health.said(formation, known, asked.before.canary, self._now())
        unscaled, waits = scaling_health.trouble(scalers, deployments, now)
        trouble = Requeue(Lane.REPORT, min(waits)) if waits else None
        intents = [each for own in pass_.intents.values() for each in own if each.kind.traits.runs_processes]
        seen = Seen(
            formation=formation,
            counts=wanted.counts,
            deployments=deployments,
            intents={each.process_type: each for each in intents if each.process_type in wanted.counts},
            problems=unready,
            pods=examined.pods,
            findings=examined.findings,
            contended=scale_requests.contended(formation.spec, pass_.key[1], wanted.others),
            unscaled=unscaled,
            notes=dict(scaling_health.notes(formation.spec, scalers)),
            outvoted=wanted.budgets.contended.values(),
            daemonizing=check.warnings(commands(wanted.content.spec)),
            revision=asked.kept,
            release=chosen.status,
            canary=canary,
            schedules={name: each._replace(causes=causes) for name, each in schedules.items()},
            unrevised=unkept.found if unkept else None,
        )
        again = examined.again_in
        changes = Requeue(Lane.REPORT, again + Lane.REPORT.pause) if again is not None else None
        return seen, soonest(changes, look_again, trouble)

    async def _try(self, pass_: Pass, asked: Asked, seen: Seen) -> tuple[Revision | None, Requeue | None]:
        """Return the newest revision, ready once it has run well, and when it may have; it stays ready."""
        newest, known, memory = seen.revision, asked.before.revision, pass_.memory
        ready = newest.model_copy(update={"ready": True}) if newest else None
        if newest and known and known.ready and known.name == newest.name:
            memory.trial = None
            return ready, None
        now = self._monotonic()
        memory.trial = trial.go_on(seen, memory.trial, now)
        remaining = trial.remaining(seen, memory.trial, now)
        if newest and remaining == 0 and not await self._releaser.revisions.note_ran_well(asked, newest):
            memory.trial, remaining = None, trial.LASTS  # the minute begins again
        return ready if remaining == 0 else newest, Requeue(Lane.REPORT, remaining) if remaining else None

    async def _write(self, pass_: Pass, status: compute.Status) -> Requeue | None:
        """Write a status if it differs; return when to go on, as when it can't be written now."""
        before = pass_.basis.formation["status"].get(naming.CANARY)
        written = await self._writer.write(pass_.basis.formation, pass_.memory.reports, status)
        if written.formation is not None:
            self._known.put(naming.KIND, written.formation)  # a status matters to no other Formation
            pass_.basis.reported(written.formation)
        self.events.post(pass_.basis.formation, written.notices)
        # What is decided about canaries depends on what was said of them.
        has_turned = pass_.basis.formation["status"].get(naming.CANARY) != before
        return soonest(written.requeue, Requeue(Lane.REPORT) if has_turned else None)

    def _now(self) -> str:
        return timestamps.rfc3339(self._clock())


def _computed(seen: Seen, previous: FormationStatus, now: str, faults: Faults) -> compute.Status:
    """Return the status; a type or schedule whose status can't be computed is reported with that only."""
    with contextlib.suppress(Exception):  # the loop finds the type, and logs its error
        return compute.compute(seen, previous, now)
    for name in (*seen.counts, *seen.schedules):
        counts = {each: count for each, count in seen.counts.items() if each == name}
        schedules = {each: schedule for each, schedule in seen.schedules.items() if each == name}
        try:
            compute.compute(dataclasses.replace(seen, counts=counts, schedules=schedules), previous, now)
        except Exception as error:
            faults.note(name, error)
    return compute.compute(seen.without(faults.problems), previous, now)


def commands(content: FormationSpec) -> dict[str, list[str]]:
    """Return the command of each type that has one; otherwise the image decides."""
    types = content.processes.items()
    return {name: [*item.command, *(item.args or [])] for name, item in types if item.command}
