"""Writes the Jobs of releases: starts one, deletes one, or marks one as left."""

import asyncio
import logging
from collections.abc import Collection, Sequence

from formation_operator.api import naming
from formation_operator.api.formation import FormationSpec, Metadata
from formation_operator.api.reasons import Trouble
from formation_operator.diagnose import job_pods
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import Cluster, Object, first_objects
from formation_operator.observe import jobs as observed
from formation_operator.observe.faults import Problem
from formation_operator.observe.jobs import Job
from formation_operator.release import revisions
from formation_operator.release.asked import Asked
from formation_operator.release.keeper import Keeper
from formation_operator.release.revision_store import patiently
from formation_operator.release.revisions import LeavingError, TakenError
from formation_operator.render import cron_job, desired, release_job
from formation_operator.render.pod_template import InvalidTypeError
from formation_operator.replicas.count_owner import Replicas
from formation_operator.sync.versioned_writes import check_living, unchanged
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)
KEPT = 1
"""How many Jobs that are over stay beside the newest one, for their logs."""
MOST_PRUNED = 10
"""How many are deleted at one start: anyone may make any number."""
ANY = Replicas(desired=1, rendered=1, remembered=1)
"""Counts are no part of what is released."""
GONE_PAUSE = 1.0
"""Seconds between two looks at whether the Pods of an earlier release are gone."""


class NotReadyError(Exception):
    """A release can't start yet."""

    def __init__(self, *problems: Problem, pause: float | None = None, found: Sequence[Object] = ()) -> None:
        """Take why, with the types to blame, the seconds until it may be different, and Jobs found."""
        super().__init__(problems[0].message)
        self.problems = problems
        self.pause = pause
        self.found = found


class Runner:
    """Writes the Jobs of one cluster."""

    def __init__(self, cluster: Cluster, keeper: Keeper) -> None:
        """Take the port to the cluster, and what keeps contents."""
        self._cluster = cluster
        self._keeper = keeper

    async def start(self, this: Asked, jobs: Sequence[Job]) -> Object:
        """Keep the content, and start its release; raise `NotReadyError` if that has to wait.

        Raises `TakenError`, too, or `LeavingError` if the name of its Job is about to become free.
        """
        mine, content = this.formation.metadata, this.content.spec
        await self._check(this)
        await self._keeper.prepare(this)
        try:
            content = release_job.patient(content) if this.is_first else content
            manifest = release_job.job(mine, content, this.noted.digest, this.noted.key)
        except InvalidTypeError as error:
            raise NotReadyError(Problem("", Trouble.INVALID_SPEC, f"spec.release: {error}")) from None
        made = await self._create(mine, manifest, this.noted.digest)
        await self._prune(mine, [job for job in jobs if job.over and not job.deleting])
        return made

    async def _check(self, this: Asked) -> None:
        """Raise `NotReadyError` where something has to come before a release."""
        mine = this.formation.metadata
        if this.forbidden:
            text = f"the operator may not list Jobs: {errors.rights_for(revisions.JOBS)}"
            raise NotReadyError(Problem("", Trouble.REFUSED, text))
        if invalid := await _unrenderable(mine, this.content.spec):
            text = "no release command starts while a type is invalid"
            raise NotReadyError(Problem("", Trouble.INVALID_SPEC, text), *invalid)
        async with patiently():
            await check_living(self._cluster, mine)
        async with patiently():
            found = await self._unknown(mine, this.known_jobs())
        if found:
            text = "an earlier release command was started"
            raise NotReadyError(Problem("", Trouble.RELEASING, text, lasting=False), found=found)
        async with patiently():
            alive = await job_pods.alive(self._cluster, mine)
        if alive:
            text = f"the release command starts once Pods of an earlier one are gone: {', '.join(alive[:3])}"
            raise NotReadyError(Problem("", Trouble.WAITING, text, lasting=False), pause=GONE_PAUSE)

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

    async def delete(self, mine: Metadata, job: Job, *, foreground: bool = True) -> None:
        """Delete a Job; in the foreground its name becomes free when its Pods are gone."""
        try:
            await self._cluster.delete(
                kinds.JOB, job.namespace, job.name, job.uid, job.resource_version, foreground=foreground
            )
        except errors.ConflictError:
            return  # it has just changed: the watch brings that
        records.say(logger, mine, f"delete Job {job.name}")

    async def leave(self, mine: Metadata, job: Job) -> Object:
        """Mark a Job as left, and return it.

        Its annotations are read first: somebody may have removed all of them.
        """
        async with patiently():
            live = await self._cluster.get(kinds.JOB, job.namespace, job.name)
        if live is None:
            raise errors.NotFoundError(f"Job {job.name} is gone")
        marks = {naming.RELEASE_KEY_ANNOTATION: job.key, naming.RELEASE_LEFT_ANNOTATION: "true"}
        annotations = {**lenient.mapping(live, "metadata", "annotations"), **marks}
        same = unchanged({**live["metadata"], "uid": job.uid})
        noted = {"op": "add", "path": "/metadata/annotations", "value": annotations}
        marked = await self._cluster.patch(kinds.JOB, job.namespace, job.name, [*same, noted])
        records.say(logger, mine, f"update Job {job.name}")
        return marked

    async def _prune(self, mine: Metadata, over: Sequence[Job]) -> None:
        """Delete the oldest of the Jobs that are over; what can't be deleted now goes at the next release."""
        for job in over[: max(0, len(over) - KEPT)][:MOST_PRUNED]:
            try:
                await self.delete(mine, job, foreground=False)
            except errors.ClusterError as error:
                records.say(logger, mine, f"old Jobs can't be deleted: {error}", logging.WARNING)
                return

    async def _unknown(self, mine: Metadata, known: Collection[str]) -> list[Object]:
        """Return the Jobs of a Formation's releases but those of some uids, as they are now.

        Another leader, or a request without an answer, may have made one that the watch hasn't brought.
        """
        pages = self._cluster.select(kinds.JOB, mine.namespace, labels=job_pods.labels(mine))
        about = ((raw, observed.job(raw)) async for raw in first_objects(pages))
        return [raw async for raw, job in about if job and job.owner == mine.uid and job.uid not in known]


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
