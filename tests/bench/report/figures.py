"""What each figure is called, and the figures of all trials of a run."""

import dataclasses
import statistics

from tests.bench.measures import Figures

TITLES = {
    "converge.deployments_per_s": "new Formations: Deployments/s",
    "converge.reported_per_s": "  Formations/s, reported",
    "converge.cpu_ms": "  CPU ms each",
    "converge.api_server_cpu_ms": "  API server's CPU ms each",
    "converge.deployment_writes": "  Deployment writes each",
    "converge.status_writes": "  status writes each",
    "converge.other_writes": "  other writes each",
    "converge.reads": "  reads each",
    "converge.rss_mib": "  memory afterwards, MiB",
    "scale.p50_ms": "scale, idle: p50 ms",
    "scale.p90_ms": "  p90 ms",
    "scale.p99_ms": "  p99 ms",
    "scale.cpu_ms": "  CPU ms each",
    "scale.deployment_writes": "  Deployment writes each",
    "scale.status_writes": "  status writes each",
    "scale.other_writes": "  other writes each",
    "scale.reads": "  reads each",
    "background.p50_ms": "scale, 1,000 changes/min beside it: p50 ms",
    "background.p90_ms": "  p90 ms",
    "background.p99_ms": "  p99 ms",
    "burst.p50_ms": "scale, in a burst of creations: p50 ms",
    "burst.p90_ms": "  p90 ms",
    "burst.p99_ms": "  p99 ms",
    "noisy.p50_ms": "scale, one Formation flips 50/s, one fails: p50 ms",
    "noisy.p90_ms": "  p90 ms",
    "noisy.p99_ms": "  p99 ms",
    "idle.writes": "idle: writes",
    "idle.cpu_percent": "  CPU, % of a core",
    "idle.rss_mib": "  memory, MiB",
    "memory.early_mib": "memory after a tenth of many changes, MiB",
    "memory.late_mib": "  after all of them, MiB",
    "start.ready_s": "start with all converged: ready, s",
    "start.cpu_s": "  CPU s",
    "start.writes": "  writes",
    "start.rss_mib": "  memory, MiB",
    "start.change_s": "  a change made meanwhile, s",
    "others.cpu_percent": "idle beside autoscalers of others: CPU, % of a core",
    "pods.count": "simulated Pods",
    "pods.ready_s": "  all reported as ready, s",
    "pods.cpu_ms": "  CPU ms each",
    "pods.rss_mib": "  memory, MiB",
    "pods.wrong": "  Formations with a wrong status",
    "churn.p50_ms": "scale, while 20 Pods/s are replaced: p50 ms",
    "churn.p90_ms": "  p90 ms",
    "churn.p99_ms": "  p99 ms",
    "churn.cpu_percent": "  CPU, % of a core",
    "churn.status_writes_per_s": "  status writes/s",
}
"""In the order of the table."""


@dataclasses.dataclass
class Run:
    """The figures of a run: for each subject, of each round."""

    rounds: dict[str, list[Figures]] = dataclasses.field(default_factory=dict)
    memory: dict[str, list[tuple[float, float]]] = dataclasses.field(default_factory=dict)
    """For each subject, MiB by the number of changes so far."""

    def add(self, subject: str, figures: Figures) -> None:
        """Take the figures of a trial."""
        self.rounds.setdefault(subject, []).append(figures)

    def middle(self, subject: str, figure: str) -> float | None:
        """Return the median over the rounds; none where the subject has no such figure."""
        values = [each[figure] for each in self.rounds[subject] if figure in each]
        return statistics.median(values) if values else None

    def ratio(self, subject: str, other: str, figure: str) -> float | None:
        """Return the median over the rounds of how a subject compares with another in the same round."""
        pairs = zip(self.rounds[subject], self.rounds[other], strict=False)
        ratios = [
            ours[figure] / theirs[figure] for ours, theirs in pairs if figure in ours and theirs.get(figure)
        ]
        return statistics.median(ratios) if ratios else None
