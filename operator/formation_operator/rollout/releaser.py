"""Runs the release command that has to come before a content: starts its Job, deletes or marks one."""

import asyncio
import contextlib
import dataclasses
import logging

from formation_operator.api import naming
from formation_operator.api.formation import FormationSpec, Metadata
from formation_operator.api.reasons import CanaryState, ReleaseState, Trouble
from formation_operator.diagnose import job_pods
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Cluster, Object, first_objects, patient
from formation_operator.observe import jobs as observed
from formation_operator.observe.cache import Cache
from formation_operator.observe.faults import Faults, Problem
from formation_operator.observe.jobs import Job
from formation_operator.observe.snapshot import Snapshot
from formation_operator.render import cron_job, intents, release_job
from formation_operator.render.pod_template import InvalidTypeError
from formation_operator.replicas.count_owner import Replicas
from formation_operator.requeue import Lane, Requeue
from formation_operator.rollout import revisions
from formation_operator.rollout.gate import Act, Decision, Gate, decide
from formation_operator.rollout.memory import RETRY_FIRST, RETRY_MOST, RolloutMemory
from formation_operator.rollout.pruning import prune
from formation_operator.rollout.revision_store import RevisionStore
from formation_operator.rollout.revisions import LeavingError, TakenError
from formation_operator.rollout.rollout import Rollout
from formation_operator.sync.versioned_writes import check_living, unchanged
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)
MOST_LEFT = 10
"""How many Jobs a pass marks as left: anyone may make any number."""
KEPT = 1
"""How many Jobs that are over stay beside the newest one, for their logs."""
MOST_PRUNED = 10
"""How many are deleted at one start: anyone may make any number."""
DELAY = 1.0
"""Seconds between what has to come before a release, and its start."""
ANY = Replicas(desired=1, rendered=1, remembered=1)
"""Counts are no part of what is released."""
LEFT = f"/metadata/labels/{naming.RELEASE_LEFT_LABEL.replace('/', '~1')}"
"""The label of a Job that is left, as a JSON pointer."""


@dataclasses.dataclass(frozen=True)
class Releaser:
    """Has the release of a Formation go on in one pass."""

    cluster: Cluster
    store: RevisionStore
    cache: Cache
    snapshot: Snapshot
    memory: RolloutMemory
    faults: Faults

    async def proceed(self, rollout: Rollout, *, is_current: bool) -> Rollout:
        """Keep the content that is rendered, and have the release go on; whatever fails about it waits.

        A content that isn't what the Formation says any more is kept alone: another pass has the newer one.
        """
        try:
            rollout = rollout.later(await self.store.keep(self.snapshot, self.memory, rollout.content))
            return await self._go_on(rollout) if is_current else rollout
        except Exception as error:
            self.faults.note("", error)
            return rollout._replace(requeue=Requeue(Lane.REPORT, RETRY_MOST))

    async def _go_on(self, rollout: Rollout) -> Rollout:
        """Start, delete or mark a Job where that is due, and return what came of it."""
        gate, spec = rollout.gate, self.snapshot.spec
        if gate is None:
            ignores = spec.release is None and rollout.content.is_known and not spec.paused
            return await self._ignore(rollout) if ignores else rollout
        try:
            gate = gate._replace(started=await patient(self._has_started(gate)))
        except errors.ClusterError:  # so it may have
            gate = gate._replace(started=True)
            rollout = rollout.later(self.memory.retry(self.snapshot.now))
        decision = decide(gate)
        rollout = rollout._replace(decision=decision)
        try:
            return await self._carry_out(rollout, decision)
        except errors.ClusterError as error:
            failure = revisions.problem(error, "the release command can't be started", revisions.JOBS)
            return rollout.later(self.memory.retry(self.snapshot.now, [failure]), failure)

    async def _has_started(self, gate: Gate) -> bool:
        """Return whether the Job under way has started a container, as far as that matters."""
        job = gate.under_way
        if job is None or job.deleting or (gate.fits(job) and not (gate.suspended or gate.needs_none)):
            return False
        return await job_pods.has_started(self.cluster, self.snapshot.owner, job.digest) is not False

    async def _ignore(self, rollout: Rollout) -> Rollout:
        """Mark Jobs whose Formation has no release command any more: how they end counts for nothing."""
        try:
            for job in [each for each in self.snapshot.jobs if not (each.left or each.deleting)][:MOST_LEFT]:
                rollout = await self._leave(rollout, job)
        except errors.ClusterError:
            return rollout.later(self.memory.retry(self.snapshot.now))
        return rollout

    async def _carry_out(self, rollout: Rollout, decision: Decision) -> Rollout:
        """Do what was decided, and return what came of it."""
        job = decision.job
        match decision.act:
            case Act.START:
                return await self._start(rollout)
            case Act.DELETE if job is not None:
                await self._delete(self.snapshot.owner, job)
                # It isn't deleted if it has just changed, perhaps in no known fact.
                return rollout.later(Requeue(Lane.REPORT, RETRY_FIRST))
            case Act.LEAVE if job is not None:
                return (await self._leave(rollout, job)).later(Requeue(Lane.CHANGE, DELAY))
        return rollout

    # Start

    async def _start(self, rollout: Rollout) -> Rollout:
        """Keep the content, and start its release, unless something has to come before.

        Raises `TakenError`, or `LeavingError` if the name of its Job is about to become free.
        """
        owner, content, memory = self.snapshot.owner, self.snapshot.spec, self.memory
        failed = memory.failed
        if failed is not None and failed.found and (wait := failed.remaining(memory.what, self.snapshot.now)):
            return rollout.later(Requeue(Lane.REPORT, wait), *failed.found)
        if (hindered := await self._hindered(rollout)) is not None:
            return hindered
        trial = CanaryState.WAITING if memory.threatens == memory.digest else None
        await self.store.prepare(self.snapshot, self.memory, trial)
        try:
            if not (memory.released or self.snapshot.runs_processes):
                content = release_job.with_first_tries(content)
            manifest = release_job.job(owner, content, memory.digest, memory.key)
        except InvalidTypeError as error:
            problem = Problem("", Trouble.INVALID_SPEC, f"spec.release: {error}")
            return rollout.later(memory.retry(self.snapshot.now), problem)
        made = await self._create(owner, manifest, memory.digest)
        over = [job for job in self.snapshot.jobs if job.over and not job.deleting]
        old = [(job.name, job.uid, job.resource_version) for job in over[:-KEPT][:MOST_PRUNED]]
        await prune(self.cluster, owner, kinds.JOB, old)
        memory.failed = None
        return rollout._replace(decision=Decision(ReleaseState.RUNNING, job=observed.job(made)), jobs=[made])

    async def _hindered(self, rollout: Rollout) -> Rollout | None:
        """Return the rollout with what has to come before a release, if anything has."""
        owner, memory = self.snapshot.owner, self.memory
        if self.snapshot.hides_jobs:
            text = f"the operator may not list Jobs: {errors.rights_for(revisions.JOBS)}"
            return rollout.later(memory.retry(self.snapshot.now), Problem("", Trouble.REFUSED, text))
        if invalid := await _unrenderable(owner, self.snapshot.spec):
            text = "no release command starts while a type is invalid"
            return rollout.later(
                memory.retry(self.snapshot.now), Problem("", Trouble.INVALID_SPEC, text), *invalid
            )
        await patient(check_living(self.cluster, owner))
        if found := await patient(self._beside()):
            names = " ".join(raw["metadata"]["name"] for raw in found[:3])
            end = f"kubectl delete job {names}"
            text = f"the release command starts once Job {names} has ended; to end it: {end}"
            problem = Problem("", Trouble.RELEASING, text, lasting=False)
            return rollout.later(memory.retry(self.snapshot.now), problem)._replace(jobs=found)
        if alive := await patient(job_pods.alive(self.cluster, owner)):
            text = f"the release command starts once Pods of an earlier one are gone: {', '.join(alive[:3])}"
            problem = Problem("", Trouble.WAITING, text, lasting=False)
            return rollout.later(Requeue(Lane.REPORT, DELAY), problem)
        return None

    async def _beside(self) -> list[Object]:
        """Return the Jobs that the gate doesn't know, as they are now, and beside which none may start.

        Another leader, or a request without an answer, may have made one that the watch hasn't brought. An
        earlier Formation may have left one under way that has no Pod yet.
        """
        owner = self.snapshot.owner
        uids = self.cache.job_uids((owner.namespace, owner.name))
        pages = self.cluster.select(kinds.JOB, owner.namespace, labels=job_pods.labels(owner))
        found = list[Object]()
        async for raw in first_objects(pages):
            job = observed.job(raw)
            if job and (job.uid not in uids if job.owner == owner.uid else job.is_under_way):
                found.append(raw)
        return found

    async def _create(self, owner: Metadata, manifest: Object, digest: str) -> Object:
        """Create a Job, and return it; return one of ours that exists already."""
        name = manifest["metadata"]["name"]
        try:
            made = await self.cluster.create(manifest, manager=naming.FIELD_MANAGER)
        except errors.ConflictError:
            live = await self.cluster.get(kinds.JOB, owner.namespace, name)
            if live is None or revisions.is_leaving(live, owner):
                raise LeavingError(f"Job {name} is of a Formation that is gone") from None
            job = observed.job(live)
            if job is None or job.owner != owner.uid or job.digest != digest:
                raise TakenError(kinds.JOB, name, "lost the operator's labels") from None
            return live
        records.say(logger, owner, f"create Job {name}")
        return made

    # Delete, and mark

    async def _delete(self, owner: Metadata, job: Job) -> None:
        """Delete a Job, whose name becomes free when its Pods are gone."""
        identity = kinds.JOB, job.namespace, job.name, job.uid, job.resource_version
        with contextlib.suppress(errors.ConflictError):  # it has just changed: the watch brings that
            await self.cluster.delete(*identity, foreground=True)
            records.say(logger, owner, f"delete Job {job.name}")

    async def _leave(self, rollout: Rollout, job: Job) -> Rollout:
        """Mark a Job as left, unless it has just changed: the watch brings that."""
        same = unchanged({"uid": job.uid, "resourceVersion": job.resource_version})
        label = {"op": "add", "path": LEFT, "value": "true"}
        try:
            marked = await patient(self.cluster.patch(kinds.JOB, job.namespace, job.name, [*same, label]))
        except errors.ConflictError:
            return rollout
        records.say(logger, self.snapshot.owner, f"update Job {job.name}")
        return rollout._replace(jobs=[*rollout.jobs, marked])


async def _unrenderable(owner: Metadata, content: FormationSpec) -> list[Problem]:
    """Return why types or schedules of a content can't be rendered; yield to others after each."""
    found = []
    for name in (*content.processes, *(content.schedules or ())):
        try:
            if name in content.processes:
                intents.children(owner, content, name, ANY)
            else:
                cron_job.cron_job(owner, content, name, suspend=False)
        except InvalidTypeError as error:
            found.append(Problem(name, Trouble.INVALID_SPEC, str(error)))
        await asyncio.sleep(0)
    return found
