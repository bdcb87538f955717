"""Runs the release command that has to come before a content, and says how that goes."""

import dataclasses
from collections.abc import Callable, Sequence

from formation_operator.api.formation_status import ReleaseStatus
from formation_operator.diagnose.investigator import Examiner
from formation_operator.diagnose.job_cause import Cause
from formation_operator.kube import errors
from formation_operator.kube.objects.timestamps import Clock
from formation_operator.kube.port import Cluster, Object
from formation_operator.observe import jobs as observed
from formation_operator.observe.faults import Problem
from formation_operator.observe.jobs import Job
from formation_operator.release import causes, gate, progress
from formation_operator.release.asked import RETRY_FIRST, Asked, Chosen
from formation_operator.release.chooser import Chooser
from formation_operator.release.content import NOTHING
from formation_operator.release.gate import Act, Decision, Phase, Situation
from formation_operator.release.keeper import Keeper, Kept
from formation_operator.release.older_crd import Crd
from formation_operator.release.revision_store import RevisionStore, patiently
from formation_operator.release.runner import Runner
from formation_operator.release.starter import NotReadyError, Starter
from formation_operator.requeue import Lane, Requeue, soonest

MOST_LEFT = 10
"""How many Jobs a pass marks as left: anyone may make any number."""
TURN = 0.5
"""Seconds between what has to come before a release, and its start."""


@dataclasses.dataclass(slots=True)
class Attempt:
    """What became of a decision."""

    decision: Decision
    cause: Cause = dataclasses.field(default_factory=Cause)
    problems: Sequence[Problem] = ()
    requeue: Requeue | None = None
    written: list[Object] = dataclasses.field(default_factory=list)


class Releaser:
    """Runs the releases of Formations."""

    def __init__(
        self, cluster: Cluster, examiner: Examiner, clock: Clock, monotonic: Callable[[], float]
    ) -> None:
        """Take the port to the cluster, what finds out what is wrong with Pods, and two clocks.

        ``monotonic`` gives seconds, and nobody sets it.
        """
        self._cluster = cluster
        self._examiner = examiner
        self._clock = clock
        store = RevisionStore(cluster)
        self._keeper = Keeper(store, monotonic)
        self._chooser = Chooser(store, self._keeper, Crd(cluster))
        self._runner = Runner(cluster)
        self._starter = Starter(self._keeper, self._runner)

    async def choose(self, this: Asked) -> Chosen:
        """Return the content to render, which has its number then; whatever fails, counts are written."""
        with this.faults.confined_to(""):
            return await self._chooser.choose(this)
        return Chosen(NOTHING, this.before.release)

    async def keep(self, this: Asked, chosen: Chosen) -> Kept:
        """Keep the content that is rendered as a revision, if it isn't yet, and prune what is too much."""
        with this.faults.confined_to(""):
            return await self._keeper.keep(this, chosen)
        return Kept(this.reported)

    async def proceed(self, this: Asked, chosen: Chosen) -> Chosen:
        """Start, end or mark a Job where that is due, and return how the release goes."""
        if chosen.situation is None:
            is_without = this.formation.spec.release is None and chosen.content.known
            left = is_without and not this.formation.spec.paused
            return await self._ignore(this, chosen) if left else chosen
        situation = chosen.situation
        try:
            async with patiently():
                started = await self._has_started(this, situation)
        except errors.ClusterError:  # so it may have
            started, chosen = True, chosen._replace(requeue=soonest(chosen.requeue, this.noted.retry()))
        return await self._carry_out(this, chosen, gate.decide(situation._replace(started=started)))

    async def _has_started(self, this: Asked, situation: Situation) -> bool:
        """Return whether the Job under way has started a container, as far as that matters."""
        noted = this.noted
        job = next((each for each in situation.jobs if each.is_under_way and not each.deleting), None)
        if job is None:
            return False
        wanted = gate.fits(job, noted.digest, noted.key) and not situation.suspended
        if wanted and not situation.needs_none:
            return False
        if noted.started == job.uid:
            return True
        started = await self._runner.has_started(this.formation.metadata, job)
        noted.started = job.uid if started else noted.started
        return started is not False

    async def _ignore(self, this: Asked, chosen: Chosen) -> Chosen:
        """Mark Jobs whose Formation has no release command any more: how they end counts for nothing."""
        mine, written = this.formation.metadata, list[Object]()
        try:
            for job in [job for job in this.jobs if job.owner == mine.uid and not (job.left or job.deleting)]:
                written.append(await self._runner.leave(mine, job))
                if len(written) == MOST_LEFT:
                    break
        except errors.ClusterError:
            chosen = chosen._replace(requeue=this.noted.retry())
        return chosen._replace(written=written)

    async def _carry_out(self, this: Asked, chosen: Chosen, decision: Decision) -> Chosen:
        """Do what was decided, and return how the release goes then."""
        jobs = chosen.situation.jobs if chosen.situation is not None else ()
        done = await self._attempt(this, decision, jobs)
        said = progress.progress(
            this.formation,
            done.decision,
            wanted=this.noted.digest,
            released=chosen.released.digest if chosen.released else "",
            before=this.before.release or ReleaseStatus(),
            key=this.noted.key,
            cause=done.cause,
            jobs=jobs,
        )
        problems = (*([said.problem] if said.problem is not None else []), *done.problems)
        requeue, written = _again(done), tuple(done.written)
        problems, requeue = (*chosen.problems, *problems), soonest(chosen.requeue, requeue)
        return chosen._replace(status=said.status, problems=problems, requeue=requeue, written=written)

    async def _attempt(self, this: Asked, decision: Decision, jobs: Sequence[Job]) -> Attempt:
        """Do what was decided, and find out why the release isn't done."""
        done = Attempt(decision)
        try:
            made = await self._act(this, decision, jobs)
            done.written += [made] if made is not None else []
            if made is not None and decision.act is Act.START:
                done.decision = Decision(Phase.RUNNING, job=observed.job(made))
            phase, job = done.decision.phase, done.decision.job
            if phase in (Phase.RUNNING, Phase.FAILED) and job is not None:
                now = self._clock().timestamp()
                done.cause, done.requeue = await causes.of_job(self._cluster, self._examiner, this, job, now)
        except NotReadyError as error:
            pause = error.pause
            done.cause, done.problems, done.written = error.cause, error.problems, [*error.found]
            done.requeue = Requeue(Lane.REPORT, pause) if pause is not None else this.noted.retry()
        except errors.ClusterError as error:
            done.cause, done.requeue = causes.refusal(error), this.noted.retry()
        return done

    async def _act(self, this: Asked, decision: Decision, jobs: Sequence[Job]) -> Object | None:
        mine, target = this.formation.metadata, decision.target
        match decision.act:
            case Act.START:
                return await self._starter.start(this, jobs)
            case Act.DELETE if target is not None:
                await self._runner.delete(mine, target)
            case Act.LEAVE if target is not None:
                return await self._runner.leave(mine, target)
        return None


def _again(done: Attempt) -> Requeue | None:
    """Return when to look at a release again after an attempt."""
    decision, requeue = done.decision, done.requeue
    if decision.act is Act.LEAVE and requeue is None:  # its turn comes after what was done now
        requeue = Requeue(Lane.CHANGE, TURN)
    if decision.act is Act.DELETE:  # it isn't deleted if it has just changed, perhaps in no known fact
        requeue = soonest(requeue, Requeue(Lane.REPORT, RETRY_FIRST))
    return requeue
