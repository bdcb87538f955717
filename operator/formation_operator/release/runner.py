"""Writes the Jobs of releases: starts one, deletes one, or marks one as left."""

import logging
from collections.abc import AsyncIterator, Collection, Iterator, Sequence

from formation_operator.api import naming
from formation_operator.api.formation import FormationSpec, Metadata
from formation_operator.diagnose import diagnosis, pod_events
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import Cluster, Object
from formation_operator.observe import jobs
from formation_operator.observe.jobs import Job
from formation_operator.release import revisions
from formation_operator.release.revision_errors import LeavingError, TakenError
from formation_operator.render import release_job
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)
KEPT = 1
"""How many Jobs that are over stay beside the newest one, for their logs."""
MOST_PRUNED = 10
"""How many are deleted at one start: anyone may make any number."""
MOST_PAGES = 10
ENDED = ("Succeeded", "Failed")
ON_THE_WAY = {"", "ContainerCreating", "PodInitializing"}
"""Why a container waits that may start at any moment."""


class Runner:
    """Writes the Jobs of one cluster, and reads their Pods."""

    def __init__(self, cluster: Cluster) -> None:
        """Take the port to the cluster."""
        self._cluster = cluster

    async def start(self, mine: Metadata, content: FormationSpec, digest: str, key: str) -> Object:
        """Create the Job that releases a content, and return it; return one of ours that exists already.

        Raises `TakenError`, or `LeavingError` if its name is about to become free.
        """
        manifest = release_job.job(mine, content, digest, key)
        name = manifest["metadata"]["name"]
        try:
            made = await self._cluster.create(manifest, manager=naming.FIELD_MANAGER)
        except errors.ConflictError:
            live = await self._cluster.get(kinds.JOB, mine.namespace, name)
            if live is None or revisions.is_leaving(live, mine):
                raise LeavingError(f"Job {name} is of a Formation that is gone") from None
            known = jobs.job(live)
            if known is None or known.owner != mine.uid or known.digest != digest:
                raise TakenError(kinds.JOB, name, "lost the operator's labels") from None
            return live
        records.say(logger, mine, f"create Job {name}")
        return made

    async def check_living(self, mine: Metadata) -> None:
        """Raise `NotFoundError` if the Formation is gone, or is going: the watch may bring that later."""
        live = await self._cluster.get(naming.KIND, mine.namespace, mine.name)
        about = lenient.mapping(live, "metadata")
        if about.get("uid") != mine.uid or "deletionTimestamp" in about:
            raise errors.NotFoundError(f"Formation {mine.name} is gone, or about to go")

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
        live = await self._cluster.get(kinds.JOB, job.namespace, job.name)
        if live is None:
            raise errors.NotFoundError(f"Job {job.name} is gone")
        marks = {naming.RELEASE_KEY_ANNOTATION: job.key, naming.RELEASE_LEFT_ANNOTATION: "true"}
        annotations = {**lenient.mapping(live, "metadata", "annotations"), **marks}
        operations = [
            {"op": "replace", "path": "/metadata/uid", "value": job.uid},
            {
                "op": "replace",
                "path": "/metadata/resourceVersion",
                "value": live["metadata"]["resourceVersion"],
            },
            {"op": "add", "path": "/metadata/annotations", "value": annotations},
        ]
        marked = await self._cluster.patch(kinds.JOB, job.namespace, job.name, operations)
        records.say(logger, mine, f"update Job {job.name}")
        return marked

    async def prune(self, mine: Metadata, over: Sequence[Job]) -> None:
        """Delete the oldest of the Jobs that are over; what can't be deleted now goes at the next release."""
        for job in over[: max(0, len(over) - KEPT)][:MOST_PRUNED]:
            try:
                await self.delete(mine, job, foreground=False)
            except errors.ClusterError as error:
                records.say(logger, mine, f"old Jobs can't be deleted: {error}", logging.WARNING)
                return

    async def unknown(self, mine: Metadata, known: Collection[str]) -> list[Object]:
        """Return the Jobs of a Formation's releases but those of some uids, as they are now.

        Another leader, or a request without an answer, may have made one that the watch hasn't brought.
        """
        found, pages = list[Object](), 0
        async for page in self._cluster.select(kinds.JOB, mine.namespace, labels=_labels(mine)):
            about = [(raw, jobs.job(raw)) for raw in page]
            found += [raw for raw, job in about if job and job.owner == mine.uid and job.uid not in known]
            pages += 1
            if pages == MOST_PAGES or found:
                break
        return found

    async def alive(self, mine: Metadata) -> list[str]:
        """Return the Pods of a Formation's releases that haven't ended, each with its node."""
        return [_described(pod) async for pod in self._pods(mine) if not _has_ended(pod)]

    async def has_started(self, mine: Metadata, job: Job) -> bool | None:
        """Return whether any container of a Job has started; nothing if one may at any moment.

        Kubelet reports a start late, and an image may take minutes: so it is with a Pod on a node in no
        error state.
        """
        may_start = False
        for pod in [pod async for pod in self._pods(mine, job.digest)]:
            if _has_started(pod):
                return True
            may_start = may_start or (_is_on_the_way(pod) and not await self._is_stuck(pod))
        return None if may_start else False

    async def _is_stuck(self, pod: Object) -> bool:
        """Return whether kubelet said last that it can't even begin with a Pod's containers."""
        failed = begun = 0.0
        about = f"regarding.uid={pod['metadata']['uid']}"
        async for page in self._cluster.select(kinds.EVENT, pod["metadata"]["namespace"], fields=about):
            for event in map(pod_events.pod_event, page):
                if event.reason in diagnosis.ON_THE_WAY:
                    failed = max(failed, event.last)
                else:
                    begun = max(begun, event.last)
            break
        return failed > begun

    async def _pods(self, mine: Metadata, digest: str = "") -> AsyncIterator[Object]:
        pages = 0
        async for page in self._cluster.select(kinds.POD, mine.namespace, labels=_labels(mine, digest)):
            for pod in page:
                yield pod
            pages += 1
            if pages == MOST_PAGES:
                return


def _labels(mine: Metadata, digest: str = "") -> str:
    of = f"={digest}" if digest else ""
    return f"{naming.FORMATION_LABEL}={mine.name},{naming.RELEASE_LABEL}{of}"


def _has_ended(pod: Object) -> bool:
    """Return whether no container of a Pod runs or will run."""
    return lenient.mapping(pod, "status").get("phase") in ENDED


def _described(pod: Object) -> str:
    node = lenient.text(lenient.mapping(pod, "spec"), "nodeName")
    return f"{pod['metadata']['name']}" + (f" on node {node}" if node else "")


def _is_on_the_way(pod: Object) -> bool:
    """Return whether a Pod has a node, and its containers wait for nothing that has failed.

    One that is being deleted won't start any: its node may be gone.
    """
    reasons = {lenient.text(lenient.mapping(each, "state", "waiting"), "reason") for each in _statuses(pod)}
    going = "deletionTimestamp" in pod["metadata"] or _has_ended(pod)
    return bool(lenient.mapping(pod, "spec").get("nodeName")) and reasons <= ON_THE_WAY and not going


def _statuses(pod: Object) -> Iterator[Object]:
    status = lenient.mapping(pod, "status")
    for part in ("initContainerStatuses", "containerStatuses"):
        yield from lenient.items(status, part)


def _has_started(pod: Object) -> bool:
    """Return whether a container of a Pod runs, or has run."""
    return any(map(_has_run, _statuses(pod)))


def _has_run(status: Object) -> bool:
    states = ("state", "running"), ("state", "terminated"), ("lastState", "terminated")
    return bool(
        any(lenient.mapping(status, *each) for each in states) or lenient.number(status, "restartCount")
    )
