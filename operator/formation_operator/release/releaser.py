"""Runs the release command that has to come before a content: starts its Job, deletes or marks one."""

import asyncio
import contextlib
import logging

from formation_operator.api import naming
from formation_operator.api.formation import FormationSpec, Metadata
from formation_operator.api.reasons import ReleaseState, Trouble
from formation_operator.diagnose import job_pods
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Cluster, Object, first_objects, patient
from formation_operator.observe import jobs as observed
from formation_operator.observe.faults import Problem
from formation_operator.observe.jobs import Job
from formation_operator.release import gate, revisions
from formation_operator.release.asked import NOTHING, RETRY_FIRST, RETRY_MOST, Asked, Chosen, NewContent
from formation_operator.release.chooser import Chooser
from formation_operator.release.gate import Act, Decision, Gate
from formation_operator.release.revision_store import RevisionStore, prune
from formation_operator.release.revisions import LeavingError, TakenError
from formation_operator.render import cron_job, desired, release_job
from formation_operator.render.pod_template import InvalidTypeError
from formation_operator.replicas.count_owner import Replicas
from formation_operator.requeue import Lane, Requeue
from formation_operator.sync.versioned_writes import check_living, unchanged
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)
MOST_LEFT = 10
"""How many Jobs a pass marks as left: anyone may make any number."""
KEPT = 1
"""How many Jobs that are over stay beside the newest one, for their logs."""
MOST_PRUNED = 10
"""How many are deleted at one start: anyone may make any number."""
PAUSE = 1.0
"""Seconds between what has to come before a release, and its start."""
ANY = Replicas(desired=1, rendered=1, remembered=1)
"""Counts are no part of what is released."""
LEFT = f"/metadata/labels/{naming.RELEASE_LEFT_LABEL.replace('/', '~1')}"
"""The label of a Job that is left, as a JSON pointer."""


class Releaser:
    """Runs the releases of Formations."""

    def __init__(self, cluster: Cluster) -> None:
        """Take the port to the cluster."""
        self._cluster = cluster
        self.revisions = RevisionStore(cluster)
        self._chooser = Chooser(cluster, self.revisions)

    async def choose(self, this: Asked) -> Chosen:
        """Return the content to render, which has its number then; whatever fails, counts are written."""
        try:
            return await self._chooser.choose(this)
        except Exception as error:
            this.faults.note("", error)
            return Chosen(NOTHING)

    async def proceed(self, this: Asked, chosen: Chosen, *, is_current: bool) -> Chosen:
        """Keep the content that is rendered, and have the release go on; whatever fails about it waits.

        A content that isn't what the Formation says any more is kept alone: another pass has the newer one.
        """
        try:
            chosen = chosen.later(await self.revisions.keep(this, chosen))
            return await self._go_on(this, chosen) if is_current else chosen
        except Exception as error:
            this.faults.note("", error)
            return chosen._replace(requeue=Requeue(Lane.REPORT, RETRY_MOST))

    async def _go_on(self, this: Asked, chosen: Chosen) -> Chosen:
        """Start, delete or mark a Job where that is due, and return what came of it."""
        shut, spec = chosen.gate, this.formation.spec
        if shut is None:
            is_without = spec.release is None and chosen.content.known and not spec.paused
            return await self._ignore(this, chosen) if is_without else chosen
        try:
            shut = shut._replace(started=await patient(self._has_started(this, shut)))
        except errors.ClusterError:  # so it may have
            shut, chosen = shut._replace(started=True), chosen.later(this.noted.retry(this.now))
        decision = gate.decide(shut)
        chosen = chosen._replace(decision=decision)
        try:
            return await self._carry_out(this, chosen, decision)
        except errors.ClusterError as error:
            failure = revisions.problem(error, "the release command can't be started", revisions.JOBS)
            return chosen.later(this.noted.retry(this.now, [failure]), failure)

    async def _has_started(self, this: Asked, shut: Gate) -> bool:
        """Return whether the Job under way has started a container, as far as that matters."""
        job = shut.under_way
        if job is None or job.deleting or (shut.fits(job) and not (shut.suspended or shut.needs_none)):
            return False
        return await job_pods.has_started(self._cluster, this.formation.metadata, job.digest) is not False

    async def _ignore(self, this: Asked, chosen: Chosen) -> Chosen:
        """Mark Jobs whose Formation has no release command any more: how they end counts for nothing."""
        try:
            for job in [each for each in this.jobs if not (each.left or each.deleting)][:MOST_LEFT]:
                chosen = await self._leave(this, chosen, job)
        except errors.ClusterError:
            return chosen.later(this.noted.retry(this.now))
        return chosen

    async def _carry_out(self, this: Asked, chosen: Chosen, decision: Decision) -> Chosen:
        """Do what was decided, and return what came of it."""
        job = decision.job
        match decision.act:
            case Act.START:
                return await self._start(this, chosen)
            case Act.DELETE if job is not None:
                await self._delete(this.formation.metadata, job)
                # It isn't deleted if it has just changed, perhaps in no known fact.
                return chosen.later(Requeue(Lane.REPORT, RETRY_FIRST))
            case Act.LEAVE if job is not None:
                return (await self._leave(this, chosen, job)).later(Requeue(Lane.CHANGE, PAUSE))
        return chosen

    # Start

    async def _start(self, this: Asked, chosen: Chosen) -> Chosen:
        """Keep the content, and start its release, unless something has to come before.

        Raises `TakenError`, or `LeavingError` if the name of its Job is about to become free.
        """
        mine, content, noted = this.formation.metadata, this.formation.spec, this.noted
        failed = noted.failed
        if failed is not None and failed.found and (wait := failed.remaining(noted.what, this.now)):
            return chosen.later(Requeue(Lane.REPORT, wait), *failed.found)
        if (hindered := await self._hindered(this, chosen)) is not None:
            return hindered
        await self.revisions.prepare(this)
        try:
            content = release_job.patient(content) if this.is_first else content
            manifest = release_job.job(mine, content, noted.digest, noted.key)
        except InvalidTypeError as error:
            problem = Problem("", Trouble.INVALID_SPEC, f"spec.release: {error}")
            return chosen.later(noted.retry(this.now), problem)
        made = await self._create(mine, manifest, noted.digest)
        over = [
            (job.name, job.uid, job.resource_version) for job in this.jobs if job.over and not job.deleting
        ]
        await prune(self._cluster, mine, kinds.JOB, over[: max(0, len(over) - KEPT)][:MOST_PRUNED])
        noted.failed = None
        noted.unreleased = NewContent(noted.digest)
        return chosen._replace(
            decision=Decision(ReleaseState.RUNNING, job=observed.job(made)), written=[made]
        )

    async def _hindered(self, this: Asked, chosen: Chosen) -> Chosen | None:
        """Return what was chosen with what has to come before a release, if anything has."""
        mine, noted = this.formation.metadata, this.noted
        if this.is_forbidden:
            text = f"the operator may not list Jobs: {errors.rights_for(revisions.JOBS)}"
            return chosen.later(noted.retry(this.now), Problem("", Trouble.REFUSED, text))
        if invalid := await _unrenderable(mine, this.formation.spec):
            text = "no release command starts while a type is invalid"
            return chosen.later(noted.retry(this.now), Problem("", Trouble.INVALID_SPEC, text), *invalid)
        await patient(check_living(self._cluster, mine))
        if found := await patient(self._unknown(this)):
            text = "an earlier release command was started"
            problem = Problem("", Trouble.RELEASING, text, lasting=False)
            return chosen.later(noted.retry(this.now), problem)._replace(written=found)
        if alive := await patient(job_pods.alive(self._cluster, mine)):
            text = f"the release command starts once Pods of an earlier one are gone: {', '.join(alive[:3])}"
            problem = Problem("", Trouble.WAITING, text, lasting=False)
            return chosen.later(Requeue(Lane.REPORT, PAUSE), problem)
        return None

    async def _unknown(self, this: Asked) -> list[Object]:
        """Return the Jobs of a Formation's releases that aren't known, as they are now.

        Another leader, or a request without an answer, may have made one that the watch hasn't brought.
        """
        mine = this.formation.metadata
        known = this.known.job_uids((mine.namespace, mine.name))
        pages = self._cluster.select(kinds.JOB, mine.namespace, labels=job_pods.labels(mine))
        about = ((raw, observed.job(raw)) async for raw in first_objects(pages))
        return [raw async for raw, job in about if job and job.owner == mine.uid and job.uid not in known]

    async def _create(self, mine: Metadata, manifest: Object, digest: str) -> Object:
        """Create a Job, and return it; return one of ours that exists already."""
        name = manifest["metadata"]["name"]
        try:
            made = await self._cluster.create(manifest, manager=naming.FIELD_MANAGER)
        except errors.ConflictError:
            live = await self._cluster.get(kinds.JOB, mine.namespace, name)
            if live is None or revisions.is_leaving(live, mine):
                raise LeavingError(f"Job {name} is of a Formation that is gone") from None
            known = observed.job(live)
            if known is None or known.owner != mine.uid or known.digest != digest:
                raise TakenError(kinds.JOB, name, "lost the operator's labels") from None
            return live
        records.say(logger, mine, f"create Job {name}")
        return made

    # Delete, and mark

    async def _delete(self, mine: Metadata, job: Job) -> None:
        """Delete a Job, whose name becomes free when its Pods are gone."""
        about = kinds.JOB, job.namespace, job.name, job.uid, job.resource_version
        with contextlib.suppress(errors.ConflictError):  # it has just changed: the watch brings that
            await self._cluster.delete(*about, foreground=True)
            records.say(logger, mine, f"delete Job {job.name}")

    async def _leave(self, this: Asked, chosen: Chosen, job: Job) -> Chosen:
        """Mark a Job as left, unless it has just changed: the watch brings that."""
        same = unchanged({"uid": job.uid, "resourceVersion": job.resource_version})
        label = {"op": "add", "path": LEFT, "value": "true"}
        with contextlib.suppress(errors.ConflictError):
            marked = await patient(self._cluster.patch(kinds.JOB, job.namespace, job.name, [*same, label]))
            records.say(logger, this.formation.metadata, f"update Job {job.name}")
            return chosen._replace(written=[*chosen.written, marked])
        return chosen


async def _unrenderable(mine: Metadata, content: FormationSpec) -> list[Problem]:
    """Return why types or schedules of a content can't be rendered; yield to others after each."""
    found = []
    for name in (*content.processes, *(content.schedules or ())):
        try:
            if name in content.processes:
                desired.children(mine, content, name, ANY)
            else:
                cron_job.cron_job(mine, content, name, suspend=False)
        except InvalidTypeError as error:
            found.append(Problem(name, Trouble.INVALID_SPEC, str(error)))
        await asyncio.sleep(0)
    return found
