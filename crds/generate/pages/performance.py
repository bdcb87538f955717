"""What the benchmark measured, from the files that it wrote."""

import json
from typing import Any

from crds.generate.pages import parts
from hack.bench import table as figures
from hack.cluster import paths

ALL = "hack/bench/seen/10000.json"
SHORT = "the figures below"
SIZES = "hack/bench/seen"
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
    "deploy.p50_ms": "a deploy of three types without canaries, idle: p50, ms",
    "deploy.p99_ms": "p99, ms",
    "deploy.cpu_ms": "CPU ms for each deploy",
    "deploy.deployment_writes": "writes of Deployments for each deploy",
    "deploy.status_writes": "writes of statuses for each deploy",
    "deploy.other_writes": "other writes for each deploy",
    "background.p50_ms": "with 1,000 other changes a minute: p50, ms",
    "background.p99_ms": "p99, ms",
    "burst.p50_ms": "within a burst of new Formations: p50, ms",
    "burst.p99_ms": "p99, ms",
    "after_burst.p50_ms": "right after the burst: p50, ms",
    "after_burst.p99_ms": "p99, ms",
    "noisy.p50_ms": "with a noisy neighbour, after the burst: p50, ms",
    "noisy.p99_ms": "p99, ms",
    "idle.writes": "idle, after the burst: writes",
    "idle.cpu_percent": "CPU, %",
    "idle.rss_mib": "memory, MiB",
    "start.ready_s": "a start, after the burst: ready, s",
    "start.cpu_s": "CPU, s",
    "start.writes": "writes",
    "start.change_s": "a change halfway through it, s",
    "memory.early_mib": "memory after a tenth of many changes, MiB",
    "memory.late_mib": "after all of them",
}
NEEDED = {
    "converge.cpu_ms": "CPU ms for a new Formation",
    "scale.cpu_ms": "for a changed count",
    "converge.rss_mib": "memory, MiB",
    "idle.rss_mib": "then",
    "start.ready_s": "ready after, s",
}


def run(source: str) -> dict[str, Any]:
    """Return what a run has written."""
    written: dict[str, Any] = json.loads((paths.ROOT / source).read_text(encoding="utf-8"))
    return written


def table() -> str:
    """Return when it was, and a row for each figure, with how the first subject compares with the others."""
    seen = run(ALL)
    rounds: figures.Rounds = seen["rounds"]
    first, *others = rounds
    rows = []
    for figure, what in ROWS.items():
        if any(figure in each for each in rounds[first]):
            values = [value(rounds, name, figure) for name in rounds]
            ratios = [figures.ratio(rounds[first], rounds[other], figure) for other in others]
            rows.append([what, *map(figures.number, [*values, *ratios])])
    size = f"{seen['size']['formations']:,} Formations, then a burst of {seen['size']['burst']:,} more"
    head = ["", *rounds, *(f"{first}/{other}" for other in others)]
    return f"{size}; {parts.when_and_where([seen])}.\n\n{parts.table(head, rows)}"


def value(rounds: figures.Rounds, name: str, figure: str) -> float | None:
    """Return a figure of a subject: the median of its rounds."""
    return figures.middle([each[figure] for each in rounds[name] if figure in each])


def short() -> str:
    """Return what comes first on the page."""
    seen = run(ALL)
    rounds: figures.Rounds = seen["rounds"]

    def ours(figure: str) -> str:
        return figures.number(value(rounds, "operator", figure))

    def beside(figure: str) -> str:
        return figures.number(figures.ratio(rounds["operator"], rounds["go"], figure))

    return f"""\
- **With {seen["size"]["formations"]:,} Formations**, the operator makes
  {ours("converge.deployments_per_s")} Deployments/s, and needs {ours("converge.rss_mib")} MiB.
  It brings a changed count to its Deployment in {ours("scale.p50_ms")} ms (median), and in
  {ours("background.p50_ms")} ms while 1,000 others change each minute.
- **Beside a reference operator in Go** it makes
  {beside("converge.deployments_per_s")} times as many Deployments per second, with
  {beside("converge.rss_mib")} times the memory and {beside("converge.cpu_ms")} times the CPU.
  A change takes {beside("scale.p50_ms")} times as long on an idle cluster, and
  {beside("burst.p50_ms")} times as long in a burst of new Formations."""


def sizes() -> str:
    """Return a row for each run, by the number of Formations."""
    runs = [run(f"{SIZES}/{file.name}") for file in (paths.ROOT / SIZES).glob("*.json")]
    lines = []
    for seen in sorted(runs, key=lambda each: int(each["size"]["formations"])):
        count, more = seen["size"]["formations"], seen["size"]["burst"]
        needed = (figures.number(value(seen["rounds"], "operator", figure)) for figure in NEEDED)
        lines.append([f"{count:,}, then {count + more:,}", *needed])
    return f"{parts.when_and_where(runs)}.\n\n{parts.table(['Formations', *NEEDED.values()], lines)}"
