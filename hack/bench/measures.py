"""What is measured, each of a trial: converging, scaling, being idle, starting."""

import asyncio
import itertools
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence

from hack.bench import api, usage
from hack.bench.trial import Trial
from hack.bench.users import load, pace, work
from hack.cluster import processes

Figures = dict[str, float]
Measure = Callable[[Trial], Awaitable[Figures]]

PAUSE = 0.03
"""Seconds between a change and the next, so that the first is over."""
BACKGROUND = 1000 / 60
"""Changes a second."""
FEWEST = 2
"""Latencies that percentiles need."""
FLIPS = 50
"""Changes a second of the one that flips."""


async def converge(trial: Trial) -> Figures:
    """Create all Formations at once."""
    count = trial.size.formations
    await trial.calm()
    before, cpu, server = await usage.requests(trial.user), trial.cpu(), usage.cpu(trial.server)
    began = time.perf_counter()
    await load.create(trial.user, trial.hands, range(count), trial.size.namespaces)
    made = await trial.eye.until_made(count * len(work.TYPES)) - began
    reported = await trial.eye.until_reported(count) - began
    await trial.calm()
    trial.created = count
    figures = {
        "converge.deployments_per_s": count * len(work.TYPES) / made,
        "converge.reported_per_s": count / reported,
        "converge.api_server_cpu_ms": (usage.cpu(trial.server) - server) * 1000 / count,
        **asked(trial, await usage.requests(trial.user) - before, "converge", count),
    }
    if not trial.by_hand:
        figures["converge.cpu_ms"] = (trial.cpu() - cpu) * 1000 / count
        figures["converge.rss_mib"] = processes.memory(trial.pid)
    return figures


async def scale(trial: Trial) -> Figures:
    """Scale one Formation after the other while nothing else happens."""
    return await alone(trial, "scale", scaled(trial, trial.size.scales))


async def deploy(trial: Trial) -> Figures:
    """Give one Formation after the other a new image, without a canary, while nothing else happens."""
    return await alone(trial, "deploy", deployed(trial, trial.size.scales))


async def alone(trial: Trial, name: str, changes: Awaitable[list[float]]) -> Figures:
    """Make changes, and return their latencies, and what they have cost the subject."""
    before, cpu = await usage.requests(trial.user), trial.cpu()
    latencies = await changes
    figures = percentiles(name, latencies)
    await trial.calm()
    figures |= asked(trial, await usage.requests(trial.user) - before, name, len(latencies))
    if not trial.by_hand:
        figures[f"{name}.cpu_ms"] = (trial.cpu() - cpu) * 1000 / len(latencies)
    return figures


async def background(trial: Trial) -> Figures:
    """Scale Formations while others change all the time."""
    half = trial.created // 2
    async with trial.meanwhile("change", half, trial.created, "--rate", BACKGROUND):
        await asyncio.sleep(1.5)
        figures = percentiles("background", await scaled(trial, trial.size.scales, half))
    await trial.calm()
    return figures


async def burst(trial: Trial) -> Figures:
    """Scale Formations while many others are created, and right after that."""
    first, end = trial.created, trial.created + trial.size.burst
    made = len(trial.eye.made)
    latencies: list[float] = []
    async with trial.meanwhile("create", first, end):
        await trial.eye.until_made(made + 1)
        while len(trial.eye.made) < made + trial.size.burst * len(work.TYPES) or len(latencies) < FEWEST:
            latencies += await scaled(trial, 1, first)
    trial.created = end
    after = await scaled(trial, trial.size.scales)
    await trial.calm()
    return percentiles("burst", latencies) | percentiles("after_burst", after)


async def idle(trial: Trial) -> Figures:
    """Do nothing."""
    before, cpu = await usage.requests(trial.user), trial.cpu()
    await asyncio.sleep(trial.size.idle)
    spent = trial.cpu() - cpu
    figures = {"idle.writes": float(usage.writes(await usage.requests(trial.user) - before))}
    if not trial.by_hand:
        figures["idle.cpu_percent"] = 100 * spent / trial.size.idle
        figures["idle.rss_mib"] = processes.memory(trial.pid)
    return figures


async def noisy(trial: Trial) -> Figures:
    """Scale Formations while one flips all the time and another can't be applied.

    Where we do the job ourselves we leave the one that flips alone, so that its flips cost what they cost the
    API server whoever follows them: the floor.
    """
    full = "bench-full"
    for manifest in (work.a_namespace(full), work.no_deployments(full)):
        await trial.user.create(manifest)
    broken = work.formation(0, 1)
    broken["metadata"]["namespace"] = full
    await trial.user.create(broken)
    last = trial.created - 1
    async with trial.meanwhile("change", last, trial.created, "--rate", FLIPS, followed=False):
        await asyncio.sleep(1.5)
        figures = percentiles("noisy", await scaled(trial, trial.size.scales, last))
    await trial.user.send("DELETE", api.path_of(broken))
    await trial.calm()
    return figures


async def memory(trial: Trial) -> Figures:
    """Scale Formations as fast as that goes, and see whether memory stays."""
    if trial.by_hand or not trial.size.changes:
        return {}
    figures = {}
    tenth = trial.size.changes // 10
    for name, turns in (("early", range(tenth)), ("late", range(tenth, trial.size.changes))):
        everything = range(trial.created)
        await pace.all_of(load.changes(trial.user, trial.hands, everything, trial.size.namespaces, turns))
        await trial.calm()
        figures[f"memory.{name}_mib"] = processes.memory(trial.pid)
    return figures


async def start(trial: Trial) -> Figures:
    """Start anew where everything is as it should be; then once more, with a change meanwhile."""
    if trial.by_hand:
        return {}
    trial.runner.stop()
    before = await usage.requests(trial.user)
    began = time.perf_counter()
    trial.runner.start()
    ready = await trial.runner.ready() - began
    await trial.calm()
    figures = {
        "start.ready_s": ready,
        "start.cpu_s": trial.cpu(),
        "start.writes": float(usage.writes(await usage.requests(trial.user) - before)),
        "start.rss_mib": processes.memory(trial.pid),
    }
    trial.runner.stop()
    trial.runner.start()
    await asyncio.sleep(ready / 2)
    (figures["start.change_s"],) = await scaled(trial, 1)
    await trial.runner.ready()
    return figures


MEASURES: dict[str, Measure] = {
    "converge": converge,
    "scale": scale,
    "deploy": deploy,
    "background": background,
    "burst": burst,
    "noisy": noisy,
    "idle": idle,
    "memory": memory,
    "start": start,
}


async def scaled(trial: Trial, times: int, among: int = 0) -> list[float]:
    """Scale Formations, one after the other, and return the seconds from each patch to its child's change."""
    latencies = []
    turns = itertools.cycle(random.sample(range(among or trial.created), among or trial.created))
    for number in itertools.islice(turns, times):
        count = trial.eye.replicas[child(trial, number, work.SCALED)] % 9 + 1
        change = load.scale(trial.user, number, trial.size.namespaces, count)
        latencies.append(await seen(trial, number, change, [work.SCALED], count))
    return latencies


async def deployed(trial: Trial, times: int) -> list[float]:
    """Deploy Formations, one after the other, and return the seconds until each child has the new image."""
    latencies = []
    for turn in range(times):
        image, number = f"{work.IMAGE}.{turn}", turn % trial.created
        change = load.deploy(trial.user, number, trial.size.namespaces, image)
        latencies.append(await seen(trial, number, change, work.TYPES, image))
    return latencies


async def seen(
    trial: Trial, number: int, change: Awaitable[api.Object], kinds: Sequence[str], what: int | str
) -> float:
    """Change a Formation, and return after how many seconds the children of some types show it."""
    shown = [trial.eye.shown(child(trial, number, kind), what) for kind in kinds]
    began = time.perf_counter()
    await trial.hands.follow(await change, kinds)
    async with asyncio.timeout(120):
        latency = max(await asyncio.gather(*shown)) - began
    await asyncio.sleep(PAUSE)
    return latency


def child(trial: Trial, number: int, kind: str) -> str:
    """Return namespace and name of the Deployment of a type."""
    return f"{work.namespace(number, trial.size.namespaces)}/{work.name(number)}-{kind}"


def percentiles(name: str, seconds: list[float]) -> Figures:
    """Return the percentiles of latencies, in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {f"{name}.p{part}_ms": cuts[part - 1] * 1000 for part in (50, 90, 99)}


def asked(trial: Trial, counted: usage.Requests, name: str, times: int) -> Figures:
    """Return the writes and reads of the subject for each time."""
    child, status = usage.writes(counted, "deployments"), usage.writes(counted, "formations/status")
    return {
        f"{name}.deployment_writes": child / times,
        f"{name}.status_writes": status / times,
        f"{name}.other_writes": (usage.writes(counted) - child - status) / times - 1,  # one is the user's,
        f"{name}.reads": usage.reads(counted) / times,
    }
