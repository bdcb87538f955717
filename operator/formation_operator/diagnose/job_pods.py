"""The Pods of a Job of ours: why it isn't done or has failed, and whether a release has begun or ended."""

import dataclasses
from collections.abc import AsyncIterator, Sequence

from formation_operator.api import naming
from formation_operator.api.formation import Metadata
from formation_operator.api.reasons import Reason, State, Trouble
from formation_operator.backoff import Attempt, attempt
from formation_operator.diagnose import diagnosis, grace_periods, pod_events, waits
from formation_operator.diagnose.finding import Finding
from formation_operator.kube.objects import containers, kinds, lenient
from formation_operator.kube.port import Cluster, Object, events_of, first_objects
from formation_operator.observe.jobs import Job
from formation_operator.observe.pods import Pod

NATIVE = (
    "make it a sidecar that Kubernetes ends (podTemplate.spec.initContainers with restartPolicy: Always), "
    "or keep it out of this Pod"
)
PODLESS, LONGEST = 3.0, 300.0
"""Seconds after which a Job without a Pod is looked into, and the longest pause between two looks."""
ENDED = ("Succeeded", "Failed")
RESUMED = '{"spec": {"suspend": false}}'
Blocked = Attempt[str]
"""Why a Job has no Pod: what its controller says, empty if that isn't known."""


def cause_of(
    job: Job, pods: Sequence[Pod], findings: Sequence[Finding], now: float, blocked: str = ""
) -> Finding | None:
    """Return why a Job isn't done, from what is wrong with its Pods, or why it has none."""
    if job.suspended and job.is_under_way:  # its controller has ended its Pods, and starts none
        resume = f"kubectl patch job {job.name} --type=merge -p '{RESUMED}'"
        return Finding(State.STARTING, Trouble.WAITING, f"someone suspended its Job: {resume}")
    for pod in pods:
        if (beside := pod.held_by) and now >= grace_periods.held_until(pod):
            text = f"it has succeeded, but {', '.join(beside)} beside it keeps running, so its Job isn't done"
            return Finding(State.RUNNING, Reason.COMPLETED, f"{text}: {NATIVE}", lasting=True)
    if job.is_under_way and not job.pods_failed:
        findings = [each for each in findings if not each.gone]  # its controller hasn't judged that yet
    if job.failed and not findings:
        # A Pod that failed counts for a while only, since another one takes its place: here none does.
        failed = (diagnosis.finding(pod, pod.created) for pod in pods if pod.failure)
        findings = [each for each in failed if each is not None]
    troubles = (each for each in findings if each.reason != Reason.PROGRESSING)
    worst = max(troubles, key=lambda each: (each.lasting, each.last), default=None)
    if worst is not None:
        tries = f" ({job.pods_failed} tries have failed)" if job.pods_failed > 1 else ""
        lasting = worst.lasting and job.failed is None and not worst.gone
        return dataclasses.replace(worst, message=f"{worst.message}{tries}", lasting=lasting)
    if blocked:
        text = f"its Pod can't be created: {waits.refused(blocked)}"
        return Finding(State.STARTING, Reason.REPLICA_FAILURE, text, waits.lasts(blocked))
    return None


def by_its_controller(job: Job, command: str, seconds: int = 0) -> str:
    """Return why a Job has failed by its controller.

    ``command`` is the field that declares what it runs, and ``seconds`` how long that may run, if it is to be
    named.
    """
    if ran_too_long(job):
        limit = f" ({seconds} s)" if seconds else ""
        return f"it ran longer than {command}.activeDeadlineSeconds allows{limit}"
    return (job.failed.message or job.failed.reason) if job.failed else ""


def ran_too_long(job: Job) -> bool:
    """Return whether a Job has failed because of its deadline."""
    return job.failed is not None and job.failed.reason == "DeadlineExceeded"


def lacks_pods(job: Job) -> bool:
    """Return whether a Job that is under way never had a Pod, as far as its controller says."""
    return job.is_under_way and not (job.active or job.pods_failed)


async def why_podless(
    cluster: Cluster, job: Job, before: Blocked | None, now: float
) -> tuple[Blocked, float]:
    """Return why a Job has no Pod, by the Events of its controller, and after how many seconds to look again.

    ``before`` is what was found out at the last look. Raises `ClusterError`.
    """
    before = before or Attempt(job.uid, "", job.created, PODLESS)
    if not before.remaining(job.uid, now):
        before = attempt(before, job.uid, await _refused_pods(cluster, job), now, (PODLESS, LONGEST))
    return before, max(0.1, before.remaining(job.uid, now))


async def _refused_pods(cluster: Cluster, job: Job) -> str:
    raws = events_of(cluster, job.namespace, job.uid, most=1)
    events = [pod_events.pod_event(raw) async for raw in raws if pod_events.matters(raw)]
    latest = pod_events.latest(events)
    return latest.message.removeprefix("Error creating: ") if latest is not None else ""


# The Pods of releases, as they are now


async def alive(cluster: Cluster, owner: Metadata) -> list[str]:
    """Return the Pods that haven't ended, each with its node."""
    return [_described(raw) async for raw in _pods(cluster, owner) if not _has_ended(raw)]


async def has_started(cluster: Cluster, owner: Metadata, digest: str) -> bool | None:
    """Return whether any container of a content's release has started; nothing if one may at any moment.

    Kubelet reports a start late, and an image may take minutes: so it is with a Pod on a node in no error
    state.
    """
    may_start = False
    for raw in [raw async for raw in _pods(cluster, owner, digest)]:
        started = _has_started(raw)
        if started:
            return True
        may_start = may_start or (started is None and not await _is_stuck(cluster, raw))
    return None if may_start else False


def labels(owner: Metadata, digest: str = "") -> str:
    """Return what selects the Jobs and Pods of releases, or of one content's."""
    of = f"={digest}" if digest else ""
    return f"{naming.FORMATION_LABEL}={owner.name},{naming.RELEASE_LABEL}{of}"


def _pods(cluster: Cluster, owner: Metadata, digest: str = "") -> AsyncIterator[Object]:
    return first_objects(cluster.select(kinds.POD, owner.namespace, labels=labels(owner, digest)))


async def _is_stuck(cluster: Cluster, raw: Object) -> bool:
    """Return whether kubelet said last that it can't even begin with a Pod's containers."""
    metadata, last = raw["metadata"], {True: 0.0, False: 0.0}
    async for each in events_of(cluster, metadata["namespace"], metadata["uid"], most=1):
        event = pod_events.pod_event(each)
        fails = event.reason in diagnosis.ON_THE_WAY
        last[fails] = max(last[fails], event.last)
    return last[True] > last[False]


def _has_started(raw: Object) -> bool | None:
    """Return whether a container of a Pod has started; nothing if it waits for nothing that has failed.

    One that is being deleted won't start any: its node may be gone.
    """
    its_containers = containers.containers(raw, of_job=True)
    if any(each.running_since is not None or each.exit or each.restarts for each in its_containers):
        return True
    is_going = "deletionTimestamp" in raw["metadata"] or _has_ended(raw)
    is_bound = bool(lenient.mapping(raw, "spec").get("nodeName"))
    is_waiting = {each.waiting for each in its_containers} <= {*waits.ORDINARY}
    return None if is_bound and is_waiting and not is_going else False


def _has_ended(raw: Object) -> bool:
    """Return whether no container of a Pod runs or will run."""
    return lenient.mapping(raw, "status").get("phase") in ENDED


def _described(raw: Object) -> str:
    node = lenient.text(lenient.mapping(raw, "spec"), "nodeName")
    return f"{raw['metadata']['name']}" + (f" on node {node}" if node else "")
