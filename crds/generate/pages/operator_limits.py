"""The limits and times of the operator itself, from its settings and constants."""

from crds.generate.pages import parts
from formation_operator.controller import election
from formation_operator.kube.session import watch_lines
from formation_operator.observe import jobs
from formation_operator.settings import Settings
from formation_operator.telemetry import bounded_port, census

SOURCE = "the operator's settings and constants"
OWN = Settings()
REQUEST = parts.size(bounded_port.BYTES)
LIMITS = {
    "Formations handled at once (`--workers`)": OWN.workers,
    "process types, and schedules, in the metrics": census.LISTED,
    "releases, and runs of schedules, that a pass looks at": jobs.MOST_JOBS,
    "connections to a port; then the client with most of them loses its oldest": bounded_port.CONNECTIONS,
}
TIMES: dict[str, float | tuple[float, float]] = {
    f"a connection to a port, for a request of {REQUEST}, ends after": bounded_port.SECONDS,
    "the leader renews its Lease every": election.RENEW,
    "the leader writes after the start of its last renewal for at most": election.DEADLINE,
    "another replica may lead after the last renewal, unless the Lease was released": election.LEASE,
    "a standby reads the Lease every": election.LOOK,
    "a request about the Lease fails after": election.ATTEMPT,
    "any other request fails after": OWN.request_timeout,
    "a watch that receives nothing is opened again after": watch_lines.SILENCE,
    "everything is listed and compared every": OWN.resync,
    "a pass that failed is tried again after": (OWN.retry_first, OWN.retry_most),
}


def table() -> str:
    """Return the table of the limits, and that of the times."""
    limits = [[what, f"{most:,}"] for what, most in LIMITS.items()]
    times = [[what, _time(time)] for what, time in TIMES.items()]
    return f"{parts.table(['what', 'at most'], limits)}\n\n{parts.table(['what', 'time'], times)}"


def _time(time: float | tuple[float, float]) -> str:
    if isinstance(time, tuple):
        return f"{parts.seconds(time[0])}, later up to {parts.seconds(time[1])}"
    return parts.seconds(time)
