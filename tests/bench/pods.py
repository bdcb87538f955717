"""Many Pods, on a node that is simulated: whether the status is right, and what their coming and going costs.

Kubernetes' own controllers are at work here and take most of the machine, so times are theirs, too.
"""

import asyncio
import time
from collections.abc import Coroutine, Iterator
from typing import Any

from tests.bench import api, eye, usage
from tests.bench.api import Api, Object
from tests.bench.measures import Figures, percentiles, scaled
from tests.bench.trial import Trial
from tests.bench.users import pace, work
from tests.cluster import processes

NODE = "simulated"
RATE = 20.0
"""Pods deleted a second, each of which is replaced."""
CHURN = 30.0
"""Seconds of that."""
MOST = 1000
"""Pods that take turns in being deleted."""


async def pods(trial: Trial) -> Figures:
    """Have many Pods started, then some replaced all the time, and look at what is reported in the end."""
    count, namespaces = trial.size.formations, trial.size.namespaces
    replicas = max(1, trial.size.pods // (count * len(work.TYPES)))
    total = replicas * count * len(work.TYPES)
    cpu, began = trial.cpu(), time.perf_counter()
    jobs = (trial.user.create(work.formation(number, namespaces, replicas)) for number in range(count))
    await pace.all_of(jobs)
    await trial.eye.until_ready(count)
    trial.created = count
    return {
        "pods.count": total,
        "pods.ready_s": time.perf_counter() - began,
        "pods.cpu_ms": (trial.cpu() - cpu) * 1000 / total,
        **await churn(trial),
        "pods.rss_mib": processes.memory(trial.pid),
        "pods.wrong": await wrong(trial),
    }


async def churn(trial: Trial) -> Figures:
    """Scale Formations while Pods are replaced all the time, and wait until all are ready again."""
    listed = await trial.user.get(f"/api/v1/pods?limit={MOST}")
    before, cpu, began = await usage.requests(trial.user), trial.cpu(), time.perf_counter()
    churning = asyncio.create_task(pace.evenly(deletions(trial.user, listed["items"]), RATE))
    latencies: list[float] = []
    while time.perf_counter() - began < CHURN:
        latencies += await scaled(trial, 1)
    churning.cancel()
    await trial.eye.until_ready(trial.created)
    counted = await usage.requests(trial.user) - before
    return {
        **percentiles("churn", latencies),
        "churn.cpu_percent": 100 * (trial.cpu() - cpu) / (time.perf_counter() - began),
        "churn.status_writes_per_s": usage.writes(counted, "formations/status") / CHURN,
    }


def deletions(user: Api, items: list[Object]) -> Iterator[Coroutine[Any, Any, object]]:
    """Yield what deletes one Pod of each name, at once."""
    for item in items:
        about = item["metadata"]
        path = f"/api/v1/namespaces/{about['namespace']}/pods/{about['name']}?gracePeriodSeconds=0"
        yield user.send("DELETE", path)


async def wrong(trial: Trial) -> float:
    """Return how many Formations have a status that says something else than their Deployments."""
    await trial.calm()
    deployments = (await trial.user.get(f"{api.DEPLOYMENTS}/deployments"))["items"]
    counts = {eye.key_of(item): item["status"].get("readyReplicas", 0) for item in deployments}
    formations = (await trial.user.get(f"{api.FORMATIONS}/formations"))["items"]
    return float(sum(not is_right(each, counts) for each in formations))


def is_right(formation: Object, ready: dict[str, int]) -> bool:
    """Tell whether a status says as many as there are, and Ready if these are all."""
    types = formation["status"]["processes"]
    said = {kind: process["readyReplicas"] for kind, process in types.items()}
    complete = all(process["desiredReplicas"] == said[kind] for kind, process in types.items())
    there = {kind: ready[f"{eye.key_of(formation)}-{kind}"] for kind in types}
    return said == there and complete == eye.is_ready(formation)
