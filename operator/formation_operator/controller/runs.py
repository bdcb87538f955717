"""The Jobs of a Formation: which CronJobs are busy with a run, and why a run or a release fails."""

import asyncio
import itertools
from collections.abc import Collection, Iterable, Sequence
from operator import attrgetter

from formation_operator.controller.passes import Pass
from formation_operator.diagnose import job_pods
from formation_operator.diagnose.finding import Finding
from formation_operator.diagnose.investigator import Examination, grouped
from formation_operator.diagnose.job_pods import Blocked
from formation_operator.kube import errors
from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.port import Cluster
from formation_operator.observe.cache import Cache
from formation_operator.observe.jobs import Job
from formation_operator.observe.snapshot import Snapshot
from formation_operator.requeue import Lane, Requeue
from formation_operator.sync.versioned_writes import LEAVING

GRACE = 5.0
"""Seconds after its suspension in which a CronJob isn't deleted: its controller may just begin a run."""
MOST_LOOKED_AT = 8
"""How many Jobs without a Pod a pass looks into."""


def busy(pass_: Pass, cache: Cache, now: float) -> frozenset[str]:
    """Return the uids of the CronJobs of which a run may go on."""
    cron_jobs = [child for (kind, _), child in pass_.basis.children.items() if kind is ChildKind.CRON_JOB]
    if not cron_jobs:
        return frozenset()
    for child in cron_jobs:
        if child.digest == LEAVING:  # another leader may have suspended it just now
            pass_.memory.suspended.setdefault(child.uid, now)
    active = {child.uid for child in cron_jobs if child.runs.active}
    active |= {uid for uid, since in pass_.memory.suspended.items() if now - since < GRACE}
    return frozenset(active | {job.owner for job in cache.runs_of(pass_.key) if job.is_under_way})


def again(pass_: Pass, now: float) -> Requeue | None:
    """Return when to look at the CronJobs again that were just suspended."""
    waits = [since + GRACE - now for since in pass_.memory.suspended.values() if now - since < GRACE]
    return Requeue(Lane.REPORT, min(waits)) if waits else None


async def scheduled(snapshot: Snapshot, cache: Cache, names: Iterable[str]) -> dict[str, list[Job]]:
    """Return the runs of each schedule."""
    runs = dict[str, list[Job]]()
    jobs = cache.runs_of((snapshot.owner.namespace, snapshot.owner.name))
    for name in names:
        child = snapshot.child(ChildKind.CRON_JOB, name)
        uid = child.uid if child is not None else None
        runs[name] = [job for job in jobs if (job.owner, job.schedule) == (uid, name)]
        await asyncio.sleep(0)
    return runs


async def causes(
    cluster: Cluster, pass_: Pass, jobs: Iterable[Job], examined: Examination, now: float
) -> tuple[dict[str, Finding], Requeue | None]:
    """Return why each of some Jobs isn't done or has failed, by its name, and when to look again."""
    undone = [job for job in jobs if not job.complete]
    causes = dict[str, Finding]()
    of_jobs = (pod for own in examined.pods.values() for pod in own if pod.job)
    pods = grouped(of_jobs, attrgetter("job")) if undone else {}
    blocked, requeue = await _blocked(cluster, pass_, undone, pods, now)
    for job in undone:
        own, findings = pods.get(job.name, ()), examined.of_jobs.get(job.name, ())
        if cause := job_pods.cause_of(job, own, findings, now, blocked.get(job.uid, "")):
            causes[job.name] = cause
        await asyncio.sleep(0)
    return causes, requeue


async def _blocked(
    cluster: Cluster, pass_: Pass, jobs: Sequence[Job], with_pods: Collection[str], now: float
) -> tuple[dict[str, str], Requeue | None]:
    """Return why Jobs have no Pods, by their uids, and when to look again."""
    lacking = (job for job in jobs if job.name not in with_pods and job_pods.lacks_pods(job))
    waits = list[float]()
    before, found = pass_.memory.blocked, dict[str, Blocked]()
    for job in itertools.islice(lacking, MOST_LOOKED_AT):
        try:
            looked, wait = await job_pods.why_podless(cluster, job, before.get(job.uid), now)
        except errors.ClusterError:
            waits.append(job_pods.PODLESS)
            continue
        found[job.uid] = looked
        waits.append(wait)
    pass_.memory.blocked = found or lenient.EMPTY
    reasons = {uid: each.found for uid, each in found.items()}
    return reasons, Requeue(Lane.REPORT, min(waits)) if waits else None
