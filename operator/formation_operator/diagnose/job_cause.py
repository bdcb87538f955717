"""Why a Job isn't done or has failed: what is wrong with its Pods, or why it has none."""

from collections.abc import Sequence
from typing import NamedTuple

from formation_operator.api.reasons import Reason, State
from formation_operator.backoff import Tried, tried
from formation_operator.diagnose import diagnosis, grace_periods, pod_events, waits
from formation_operator.diagnose.finding import Finding, latest
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Cluster
from formation_operator.observe.jobs import Job
from formation_operator.observe.pods import Pod

NATIVE = (
    "make it a sidecar that Kubernetes ends (podTemplate.spec.initContainers with restartPolicy: Always), "
    "or keep it out of this Pod"
)
PODLESS, LONGEST = 3.0, 300.0
"""Seconds after which a Job without a Pod is looked into, and the longest pause between two looks."""


class Cause(NamedTuple):
    """Why a Job isn't done or has failed, as a sentence."""

    message: str = ""
    lasting: bool = False
    """Whether waiting won't fix it."""
    reason: str = ""
    waits: bool = False
    """Whether no process of it has started."""


Blocked = Tried[str]
"""Why a Job has no Pod: what its controller says, empty if that isn't known, by the uid of the Job."""


def cause_of(
    job: Job, pods: Sequence[Pod], findings: Sequence[Finding], now: float, blocked: str = ""
) -> Cause:
    """Return why a Job isn't done, from what is wrong with its Pods, or why it has none."""
    for pod in pods:
        if (beside := pod.held_by) and now >= grace_periods.held_until(pod):
            said = f"it has succeeded, but {', '.join(beside)} beside it keeps running, so its Job isn't done"
            return Cause(f"{said}: {NATIVE}", lasting=True, reason=Reason.COMPLETED)
    if job.is_under_way and not job.pods_failed:
        findings = [each for each in findings if not each.gone]  # its controller hasn't judged that yet
    if job.failed and not findings:
        # A Pod that failed counts for a while only, since another one takes its place: here none does.
        failed = (diagnosis.finding(pod, pod.created) for pod in pods if pod.failure)
        findings = [each for each in failed if each is not None]
    worst = max(
        findings, key=lambda each: (each.reason != Reason.PROGRESSING, each.lasting, each.last), default=None
    )
    if worst is not None and worst.reason != Reason.PROGRESSING:
        tries = f" ({job.pods_failed} tries have failed)" if job.pods_failed > 1 else ""
        ends = job.failed is None and not worst.gone
        starts = worst.state in (State.STARTING, State.UNSCHEDULABLE)
        return Cause(f"{worst.message}{tries}", worst.lasting and ends, worst.reason, waits=starts)
    if blocked:
        said = f"its Pod can't be created: {waits.refused(blocked)}"
        return Cause(said, waits.lasts(blocked), Reason.REPLICA_FAILURE, waits=True)
    return Cause()


def lacks_pods(job: Job, pods: Sequence[Pod]) -> bool:
    """Return whether a Job that is under way has no Pod, and never had one."""
    return job.is_under_way and not (pods or job.active or job.pods_failed)


async def why_podless(
    cluster: Cluster, job: Job, before: Blocked | None, now: float
) -> tuple[Blocked, float]:
    """Return why a Job has no Pod, by the Events of its controller, and after how many seconds to look again.

    ``before`` is what was found out at the last look. Raises `ClusterError`.
    """
    if before is None or before.what != job.uid:
        before = Tried(job.uid, "", job.created, PODLESS)
    if not before.remaining(job.uid, now):
        before = tried(before, job.uid, await _refused_pods(cluster, job), now, (PODLESS, LONGEST))
    return before, max(0.1, before.remaining(job.uid, now))


async def _refused_pods(cluster: Cluster, job: Job) -> str:
    async for page in cluster.select(kinds.EVENT, job.namespace, fields=f"regarding.uid={job.uid}"):
        found = latest([*map(pod_events.pod_event, filter(pod_events.matters, page))])
        return found.message.removeprefix("Error creating: ") if found is not None else ""
    return ""
