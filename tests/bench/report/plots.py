"""The figures of a run as plots, one for each question."""

import pathlib

from tests.bench.report import svg
from tests.bench.report.figures import Run

PLOTS = {
    "throughput": {
        "title": "New Formations",
        "converge.deployments_per_s": "Deployments/s",
        "converge.reported_per_s": "reported/s",
        "converge.cpu_ms": "CPU ms each",
        "converge.api_server_cpu_ms": "API server, ms each",
    },
    "latency": {
        "title": "From a changed count to its Deployment, ms",
        "scale.p50_ms": "idle: p50",
        "scale.p99_ms": "idle: p99",
        "background.p50_ms": "1,000 changes/min: p50",
        "background.p99_ms": "1,000 changes/min: p99",
        "burst.p50_ms": "burst: p50",
        "burst.p99_ms": "burst: p99",
        "noisy.p99_ms": "noisy neighbour: p99",
    },
    "start": {
        "title": "A start where all is converged",
        "start.ready_s": "ready, s",
        "start.cpu_s": "CPU, s",
        "start.rss_mib": "memory, MiB",
        "start.change_s": "a change meanwhile, s",
    },
}
"""For each plot its title, and the figures with their names there."""


def drawn(run: Run, note: str) -> dict[str, str]:
    """Return the plots of a run, by name; none of what wasn't measured."""
    found = {}
    for name, parts in PLOTS.items():
        groups = {title: of_all(run, figure) for figure, title in parts.items() if figure != "title"}
        if shown := {title: group for title, group in groups.items() if group}:
            found[name] = svg.bars(svg.Words(parts["title"], note), shown)
    if run.memory:
        words = svg.Words("Memory over many changes", note)
        found["memory"] = svg.lines(words, ("changes", "MiB"), run.memory)
    return found


def of_all(run: Run, figure: str) -> dict[str, float]:
    """Return a figure of each subject that has it."""
    values = {subject: run.middle(subject, figure) for subject in run.rounds}
    return {subject: value for subject, value in values.items() if value is not None}


def write(run: Run, note: str, folder: pathlib.Path) -> None:
    """Write the plots of a run into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in drawn(run, note).items():
        (folder / f"{name}.svg").write_text(picture)
