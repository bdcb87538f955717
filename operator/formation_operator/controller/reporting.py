"""The report of a pass: the status, the Events about it, and the revision of what is rolled out."""

import dataclasses
from collections.abc import Callable, Iterable

from formation_operator.api import naming
from formation_operator.api.formation_status import FormationStatus
from formation_operator.controller import steps
from formation_operator.controller.plan import Wanted
from formation_operator.controller.runs import Runs
from formation_operator.controller.steps import Pass
from formation_operator.diagnose.investigator import Examined, Examiner
from formation_operator.foreground import check
from formation_operator.kube.events.notices import Notice
from formation_operator.kube.objects import lenient, timestamps
from formation_operator.kube.objects.timestamps import Clock
from formation_operator.observe.cache import Cache
from formation_operator.observe.faults import Problem
from formation_operator.release import progress
from formation_operator.release.asked import Asked, Chosen
from formation_operator.release.releaser import Releaser
from formation_operator.replicas import scale_requests
from formation_operator.requeue import Lane, Requeue, soonest
from formation_operator.status import compute, trial
from formation_operator.status.observation import Seen
from formation_operator.status.writer import Reporter


@dataclasses.dataclass(frozen=True)
class Reporting:
    """Reports how passes went."""

    known: Cache
    writer: Reporter
    examiner: Examiner
    releaser: Releaser
    runs: Runs
    clock: Clock
    monotonic: Callable[[], float]
    """Gives seconds, and nobody sets it."""
    delay: float
    """Seconds between a change and its report."""

    async def report(
        self, this: Pass, wanted: Wanted, asked: Asked, chosen: Chosen, before: FormationStatus
    ) -> Requeue | None:
        """Write the status, unless that has to wait for the answer to what this pass changed.

        Return when to do so again, as findings about Pods may change with time alone.
        """
        later = self.writer.later(this.memory.reports, this.outcomes)
        if later is not None:
            return later
        seen, again = await self._seen(this, wanted, asked, chosen, before)
        unkept = asked.noted.unkept
        seen = dataclasses.replace(seen, revision=asked.kept, unrevised=unkept.found if unkept else None)
        ran_well, tried = await self._try(this, asked, seen, before)
        seen = dataclasses.replace(seen, ran_well=ran_well)
        status = steps.report(seen, before, self._now(), this.faults)
        return soonest(await self._write(this, status), again, tried)

    async def stall(self, this: Pass, problem: Problem) -> Requeue | None:
        """Write why a Formation can't be used into its status; return when to try again."""
        raw = this.basis.formation
        generation = lenient.number(raw["metadata"], "generation")
        return await self._write(this, compute.stalled(generation, problem, raw["status"], self._now()))

    async def record(self, this: Pass, notices: Iterable[Notice]) -> None:
        """Record Events about the Formation."""
        await self.writer.record(this.basis.formation, notices)

    async def _seen(
        self, this: Pass, wanted: Wanted, asked: Asked, chosen: Chosen, before: FormationStatus
    ) -> tuple[Seen, Requeue | None]:
        """Return all that this pass has seen, and when that may be different although no event comes."""
        children = this.basis.shown = self.known.children_of(this.key)
        formation, deciding = wanted.formation, steps.deciding(wanted, self.known)
        is_same = children == this.basis.children
        counts = wanted.counts if is_same else steps.counts(wanted, before, children, deciding)
        deployments = steps.own_deployments(formation.metadata, counts, children)
        pods, now = self.known.pods_of(this.key), self.clock().timestamp()
        examined = await self.examiner.examine(this.memory.evidence, deployments, pods, now, this.faults)
        schedules = await self.runs.scheduled(this, wanted)
        jobs = [chosen.job] if chosen.job is not None else []
        jobs += [job for each in schedules.values() for job in each.jobs]
        causes, look_again = await self.runs.causes(this, jobs, examined, now)
        with this.faults.confined_to(""):
            cause = causes.get(chosen.job.name) if chosen.job is not None else None
            chosen = progress.said(asked, chosen, cause)
        intents = {each.process_type: each for each in this.intents if each.kind.traits.runs_processes}
        seen = Seen(
            name=formation.metadata.name,
            generation=formation.metadata.generation,
            counts=counts,
            deployments=deployments,
            digests={name: intent.digest for name, intent in intents.items()},
            images={name: dict(intent.images) for name, intent in intents.items()},
            problems=steps.problems(this, wanted, chosen),
            pods=examined.pods,
            findings=examined.findings,
            suspended=bool(formation.spec.suspend),
            paused=bool(formation.spec.paused),
            contended=scale_requests.contended(formation.spec, this.key[1], deciding),
            outvoted=wanted.budgets.contended.values(),
            daemonizing=check.warnings(steps.commands(wanted.content.spec)),
            release=chosen.status,
            schedules={name: each._replace(causes=causes) for name, each in schedules.items()},
        )
        return seen, soonest(self._again(examined), look_again)

    def _again(self, examined: Examined) -> Requeue | None:
        again = examined.again_in
        return Requeue(Lane.REPORT, again + self.delay) if again is not None else None

    async def _try(
        self, this: Pass, asked: Asked, seen: Seen, before: FormationStatus
    ) -> tuple[bool, Requeue | None]:
        """Return whether the newest revision has run well, and when it may have; once it has, it stays so."""
        newest, known, memory = seen.revision, before.revision, this.memory
        if newest and known and known.ready and known.name == newest.name:
            memory.trial = None
            return True, None
        now = self.monotonic()
        memory.trial = trial.go_on(seen, memory.trial, now)
        remaining = trial.remaining(seen, memory.trial, now)
        if newest and remaining == 0 and not await self.releaser.revisions.note_ran_well(asked, newest):
            memory.trial, remaining = None, trial.LASTS  # the minute begins again
        return remaining == 0, Requeue(Lane.REPORT, remaining) if remaining else None

    async def _write(self, this: Pass, status: compute.Status) -> Requeue | None:
        """Write a status if it differs; return when to try again if it can't be written now."""
        written = await self.writer.write(this.basis.formation, this.memory.reports, status)
        if written.formation is not None:
            this.changes.extend(self.known.put(naming.KIND, written.formation))
            this.basis.reported(written.formation)
        await self.record(this, written.notices)
        return written.requeue

    def _now(self) -> str:
        return timestamps.rfc3339(self.clock())
