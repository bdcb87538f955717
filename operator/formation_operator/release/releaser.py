"""Runs the release command that has to come before a content."""

from formation_operator.diagnose import job_pods
from formation_operator.kube import errors
from formation_operator.kube.port import Cluster, Object
from formation_operator.observe import jobs as observed
from formation_operator.observe.faults import Problem
from formation_operator.release import gate, revisions, runner
from formation_operator.release.asked import NOTHING, RETRY_FIRST, Asked, Chosen
from formation_operator.release.chooser import Chooser
from formation_operator.release.gate import Act, Decision, Phase, Situation
from formation_operator.release.keeper import Keeper
from formation_operator.release.revision_store import RevisionStore, patiently
from formation_operator.requeue import Lane, Requeue, soonest

MOST_LEFT = 10
"""How many Jobs a pass marks as left: anyone may make any number."""
TURN = 0.5
"""Seconds between what has to come before a release, and its start."""
UNSTARTED = "the release command can't be started"


class Releaser:
    """Runs the releases of Formations."""

    def __init__(self, cluster: Cluster) -> None:
        """Take the port to the cluster."""
        self._cluster = cluster
        store = RevisionStore(cluster)
        self.keeper = Keeper(store)
        self._chooser = Chooser(cluster, store, self.keeper)
        self._runner = runner.Runner(cluster, self.keeper)

    async def choose(self, this: Asked) -> Chosen:
        """Return the content to render, which has its number then; whatever fails, counts are written."""
        with this.faults.confined_to(""):
            return await self._chooser.choose(this)
        return Chosen(NOTHING, this.before.release)

    async def keep(self, this: Asked, chosen: Chosen) -> Requeue | None:
        """Keep the content that is rendered as a revision, if it isn't yet, and prune what is too much."""
        with this.faults.confined_to(""):
            return await self.keeper.keep(this, chosen)
        return None

    async def proceed(self, this: Asked, chosen: Chosen) -> Chosen:
        """Start, end or mark a Job where that is due, and return what came of it."""
        spec, situation = this.formation.spec, chosen.situation
        if situation is None:
            is_without = spec.release is None and chosen.content.known and not spec.paused
            return await self._ignore(this, chosen) if is_without else chosen
        try:
            async with patiently():
                situation = situation._replace(started=await self._has_started(this, situation))
        except errors.ClusterError:  # so it may have
            situation = situation._replace(started=True)
            chosen = chosen._replace(requeue=soonest(chosen.requeue, this.noted.retry(this.now)))
        return await self._carry_out(this, chosen, situation, gate.decide(situation))

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
        started = await job_pods.has_started(self._cluster, this.formation.metadata, job.digest)
        noted.started = job.uid if started else noted.started
        return started is not False

    async def _ignore(self, this: Asked, chosen: Chosen) -> Chosen:
        """Mark Jobs whose Formation has no release command any more: how they end counts for nothing."""
        mine, written = this.formation.metadata, list[Object]()
        unmarked = [job for job in this.jobs if job.owner == mine.uid and not (job.left or job.deleting)]
        try:
            for job in unmarked[:MOST_LEFT]:
                written.append(await self._runner.leave(mine, job))
        except errors.ClusterError:
            chosen = chosen._replace(requeue=this.noted.retry(this.now))
        return chosen._replace(written=written)

    async def _carry_out(
        self, this: Asked, chosen: Chosen, situation: Situation, decision: Decision
    ) -> Chosen:
        """Do what was decided, and return what was chosen with what came of it."""
        failures, requeue, written = list[Problem](), None, list[Object]()
        try:
            decision, written = await self._act(this, situation, decision)
        except runner.NotReadyError as error:
            failures, written = [*error.problems], [*error.found]
            requeue = Requeue(Lane.REPORT, error.pause) if error.pause else this.noted.retry(this.now)
        except errors.ClusterError as error:
            failures = [revisions.problem(error, UNSTARTED, revisions.JOBS)]
            requeue = this.noted.retry(this.now, failures)
        if decision.act is Act.LEAVE and requeue is None:  # its turn comes after what was done now
            requeue = Requeue(Lane.CHANGE, TURN)
        if decision.act is Act.DELETE:  # it isn't deleted if it has just changed, perhaps in no known fact
            requeue = soonest(requeue, Requeue(Lane.REPORT, RETRY_FIRST))
        requeue = soonest(chosen.requeue, requeue)
        return chosen._replace(decision=decision, failures=failures, requeue=requeue, written=written)

    async def _act(
        self, this: Asked, situation: Situation, decision: Decision
    ) -> tuple[Decision, list[Object]]:
        """Do what was decided; return that, which is something else once a Job runs, and what was written."""
        mine, noted, target = this.formation.metadata, this.noted, decision.target
        match decision.act:
            case Act.START:
                if (wait := noted.waits(this.now)) and noted.failed is not None:
                    raise runner.NotReadyError(*noted.failed.found, pause=wait)
                made = await self._runner.start(this, situation.jobs)
                noted.failed = None
                return Decision(Phase.RUNNING, job=observed.job(made)), [made]
            case Act.DELETE if target is not None:
                await self._runner.delete(mine, target)
            case Act.LEAVE if target is not None:
                return decision, [await self._runner.leave(mine, target)]
        return decision, []
