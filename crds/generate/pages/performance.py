"""What the benchmark measured, from the files that it wrote."""

import json

from crds.generate.pages import parts
from hack.bench import table as figures
from hack.cluster import paths

ALL, KRO = "hack/bench/seen/10000.json", "hack/bench/seen/kro.json"
ROWS = {
    "converge.deployments_per_s": "new Formations: Deployments/s",
    "converge.reported_per_s": "reported, Formations/s",
    "converge.cpu_ms": "CPU ms for each",
    "converge.rss_mib": "memory afterwards, MiB",
    "scale.p50_ms": "a changed count, idle: p50, ms",
    "scale.p99_ms": "p99, ms",
    "scale.cpu_ms": "CPU ms for each change",
    "scale.deployment_writes": "writes of Deployments for each change",
    "scale.status_writes": "writes of statuses for each change",
    "background.p50_ms": "with 1,000 other changes a minute: p50, ms",
    "background.p99_ms": "p99, ms",
    "burst.p50_ms": "within a burst of new Formations: p50, ms",
    "burst.p99_ms": "p99, ms",
    "noisy.p50_ms": "with a noisy neighbour, after the burst: p50, ms",
    "noisy.p99_ms": "p99, ms",
    "idle.writes": "idle, after the burst: writes",
    "idle.cpu_percent": "CPU, %",
    "idle.rss_mib": "memory, MiB",
    "start.ready_s": "a start, after the burst: ready, s",
    "start.cpu_s": "CPU, s",
    "start.writes": "writes",
}


def table(source: str) -> str:
    """Return a row for each figure of a run, with how the first subject compares with the others."""
    rounds: figures.Rounds = json.loads((paths.ROOT / source).read_text(encoding="utf-8"))["rounds"]
    first, *others = rounds
    rows = []
    for figure, what in ROWS.items():
        if any(figure in each for each in rounds[first]):
            values = [
                figures.middle([each[figure] for each in rounds[name] if figure in each]) for name in rounds
            ]
            ratios = [figures.ratio(rounds[first], rounds[other], figure) for other in others]
            rows.append([what, *map(figures.number, [*values, *ratios])])
    return parts.table(["", *rounds, *(f"{first}/{other}" for other in others)], rows)
