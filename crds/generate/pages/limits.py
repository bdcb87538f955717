"""The limits and times of the operator, from its settings and constants."""

from crds.generate.pages import parts
from formation_operator.api import bounds, fields, formation
from formation_operator.controller import election
from formation_operator.kube.session import watch_lines
from formation_operator.observe import jobs
from formation_operator.requeue import REPORT_SECONDS
from formation_operator.settings import Settings
from formation_operator.status import writer
from formation_operator.sync import repair_limit
from formation_operator.telemetry import bounded_port

SOURCE = "the operator's settings and constants"
OWN = Settings()
LIMITS: dict[str, int | str] = {
    "process types of a Formation": formation.MOST_TYPES,
    "schedules of a Formation": formation.MOST_SCHEDULES,
    "variables in `env`, and sources in `envFrom`, of the Formation and of each type": fields.MOST_VARIABLES,
    "`labels`, and `annotations`, of a Formation": formation.MOST_LABELS,
    "`metrics` of an autoscaler that a Formation declares": formation.MOST_METRICS,
    "revisions kept beside those in use (`revisionHistoryLimit`)": f"{formation.KEPT_REVISIONS}; "
    f"at most {formation.MOST_REVISIONS}",
    "[spec](status.md#how-large-a-formation-may-be) of a Formation, as compact JSON": parts.size(
        bounds.MOST_DECLARED
    ),
    "the same, if what all types share counts once for each type and schedule": parts.size(
        bounds.MOST_RENDERED
    ),
    "processes of a type": "Kubernetes' own limits, such as 110 Pods on a node by default",
    "releases, and runs of schedules, that a pass looks at": jobs.MOST_JOBS,
    "repairs of an object that others change": f"{repair_limit.FREE} in {parts.seconds(repair_limit.WINDOW)}",
    "Formations handled at once (`--workers`)": OWN.workers,
    "process types, and schedules, in the metrics (`--metrics-process-types`)": OWN.metrics_process_types,
    "connections to a port; then the client with most of them loses its oldest": bounded_port.CONNECTIONS,
    "a request to a port": f"{parts.size(bounded_port.BYTES)}, {parts.seconds(bounded_port.SECONDS)}",
}
TIMES: dict[str, float | tuple[float, float]] = {
    "the leader renews its Lease every": election.RENEW,
    "the leader writes after the start of its last renewal for at most": election.DEADLINE,
    "another replica may lead after the last renewal, unless the Lease was released": election.LEASE,
    "a standby reads the Lease every": election.LOOK,
    "a request about the Lease fails after": election.ATTEMPT,
    "any other request fails after": OWN.request_timeout,
    "a watch that receives nothing is opened again after": watch_lines.SILENCE,
    "everything is listed and compared every (`--resync`)": OWN.resync,
    "a pass that failed is tried again after": (OWN.retry_first, OWN.retry_most),
    "a status that was refused is tried again after": (writer.REFUSED_FIRST, writer.REFUSED_MOST),
    "a status is written, for each Formation, at most every": REPORT_SECONDS,
}


def table() -> str:
    """Return the table of the limits, and that of the times."""
    limits = [[what, f"{most:,}" if isinstance(most, int) else most] for what, most in LIMITS.items()]
    times = [[what, _time(time)] for what, time in TIMES.items()]
    return f"{parts.table(['limit', 'value'], limits)}\n\n{parts.table(['what', 'time'], times)}"


def _time(time: float | tuple[float, float]) -> str:
    if isinstance(time, tuple):
        return f"{parts.seconds(time[0])}, later up to {parts.seconds(time[1])}"
    return parts.seconds(time)
