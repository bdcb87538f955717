"""Runs the release command that has to come before a content, and keeps contents as revisions."""

from formation_operator.api.reasons import ReleaseState
from formation_operator.diagnose import release_pods
from formation_operator.kube import errors
from formation_operator.kube.port import Cluster, Object
from formation_operator.observe import jobs as observed
from formation_operator.observe.faults import Problem
from formation_operator.release import gate, revisions, runner
from formation_operator.release.asked import NOTHING, RETRY_FIRST, RETRY_MOST, Asked, Chosen
from formation_operator.release.chooser import Chooser
from formation_operator.release.gate import Act, Decision, Gate
from formation_operator.release.revision_store import RevisionStore, patient
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
        self.revisions = RevisionStore(cluster)
        self._chooser = Chooser(cluster, self.revisions)
        self._runner = runner.Runner(cluster, self.revisions)

    async def choose(self, this: Asked) -> Chosen:
        """Return the content to render, which has its number then; whatever fails, counts are written."""
        with this.faults.confined_to(""):
            return await self._chooser.choose(this)
        return Chosen(NOTHING)

    async def proceed(self, this: Asked, chosen: Chosen, *, is_current: bool) -> Chosen:
        """Keep the content that is rendered, and have the release go on; whatever fails about it waits.

        A content that isn't what the Formation says any more is kept alone: the next pass has a newer one.
        """
        with this.faults.confined_to(""):
            again = await self.revisions.keep(this, chosen)
            if is_current:
                chosen = await self._go_on(this, chosen)
            return chosen._replace(requeue=soonest(chosen.requeue, again))
        return chosen._replace(requeue=Requeue(Lane.REPORT, RETRY_MOST))

    async def _go_on(self, this: Asked, chosen: Chosen) -> Chosen:
        """Start, end or mark a Job where that is due, and return what came of it."""
        spec, shut = this.formation.spec, chosen.gate
        if shut is None:
            is_without = spec.release is None and chosen.content.known and not spec.paused
            return await self._ignore(this, chosen) if is_without else chosen
        requeue = chosen.requeue
        try:
            shut = shut._replace(started=await patient(self._has_started(this, shut)))
        except errors.ClusterError:  # so it may have
            shut, requeue = shut._replace(started=True), soonest(requeue, this.noted.retry(this.now))
        return await self._carry_out(this, chosen._replace(requeue=requeue), gate.decide(shut))

    async def _has_started(self, this: Asked, shut: Gate) -> bool:
        """Return whether the Job under way has started a container, as far as that matters."""
        job = shut.under_way
        if job is None or job.deleting or (shut.fits(job) and not (shut.suspended or shut.needs_none)):
            return False
        return await release_pods.has_started(self._cluster, this.formation.metadata, job.digest) is not False

    async def _ignore(self, this: Asked, chosen: Chosen) -> Chosen:
        """Mark Jobs whose Formation has no release command any more: how they end counts for nothing."""
        written = list[Object]()
        try:
            for job in [job for job in this.jobs if not (job.left or job.deleting)][:MOST_LEFT]:
                written += await self._runner.leave(this.formation.metadata, job)
        except errors.ClusterError:
            chosen = chosen._replace(requeue=this.noted.retry(this.now))
        return chosen._replace(written=written)

    async def _carry_out(self, this: Asked, chosen: Chosen, decision: Decision) -> Chosen:
        """Do what was decided, and return what was chosen with what came of it."""
        failures, requeue, written = list[Problem](), None, list[Object]()
        try:
            decision, written = await self._act(this, decision)
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
        return chosen._replace(decision=decision, problems=failures, requeue=requeue, written=written)

    async def _act(self, this: Asked, decision: Decision) -> tuple[Decision, list[Object]]:
        """Do what was decided; return that, which is something else once a Job runs, and what was written."""
        mine, noted, job = this.formation.metadata, this.noted, decision.job
        match decision.act:
            case Act.START:
                if (wait := noted.waits(this.now)) and noted.failed is not None:
                    raise runner.NotReadyError(*noted.failed.found, pause=wait)
                made = await self._runner.start(this)
                noted.failed = None
                return Decision(ReleaseState.RUNNING, job=observed.job(made)), [made]
            case Act.DELETE if job is not None:
                await self._runner.delete(mine, job)
            case Act.LEAVE if job is not None:
                return decision, await self._runner.leave(mine, job)
        return decision, []
