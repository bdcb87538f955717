"""Reports a pass: records Events, and writes the status.

A status that doesn't differ isn't written. After a change the report waits until the Deployment's controller
has reacted. A Formation's status is written at most once a second.
"""

import dataclasses
import logging
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from formation_operator.api import bounds, naming
from formation_operator.backoff import Tried, tried
from formation_operator.kube import errors
from formation_operator.kube.events.notices import Notice
from formation_operator.kube.objects.timestamps import Clock
from formation_operator.kube.port import Cluster
from formation_operator.observe import formations
from formation_operator.requeue import Lane, Requeue
from formation_operator.status import change_events, compute
from formation_operator.sync.outcome import Outcome
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)


LEEWAY = 0.01
"""Seconds: a timer may end a little early by another clock."""
STATUS_SECONDS = 1.0
"""At most one status of a Formation is written in so many seconds: a process may crash often."""

REFUSED_FIRST, REFUSED_MOST = 10.0, 300.0
"""The first and the longest back-off in seconds after a status that was refused or pruned, as long as
Formation and status are the same. Rights are granted, and the CRD is renewed, without an event."""
PRUNED = "the CRD is older than this operator, and drops fields of the status: kubectl apply -k crds/"


@dataclasses.dataclass(slots=True)
class Reports:
    """What is remembered of how a Formation was reported."""

    due: float | None = None
    """When the report after a change is due, if it was delayed."""
    written: float = -STATUS_SECONDS
    """When a status was last sent."""
    refused: Tried[None] | None = None
    """The last try, if it was refused, or an older CRD pruned it."""

    def pause(self, now: float) -> float:
        """Return the seconds until the next status may be sent."""
        waited = now - self.written  # negative if the clock was set back
        return STATUS_SECONDS - waited if 0 <= waited < STATUS_SECONDS else 0.0


class Written(NamedTuple):
    """The result of writing a status."""

    requeue: Requeue | None = None
    """When to try again, if it can't be written now."""
    formation: dict[str, Any] | None = None
    """The Formation as it is kept, if the status was written."""
    notices: Sequence[Notice] = ()
    """The Events about that."""


class Reporter:
    """Writes statuses and Events."""

    def __init__(self, cluster: Cluster, clock: Clock, delay: float) -> None:
        """Take the port to the cluster, a clock, and for how long a report waits, in seconds."""
        self._cluster = cluster
        self._clock = clock
        self._delay = delay
        self._older = records.Repeated()

    async def record(self, raw: dict[str, Any], notices: Iterable[Notice]) -> None:
        """Record Events on a Formation."""
        for notice in notices:
            key = formations.key_of(raw)
            logger.info("%s/%s: %s", *key, notice.note, extra=records.about(key, notice.process_type))
            await self._cluster.notify(raw, notice)

    def later(self, reports: Reports, outcomes: Sequence[Outcome]) -> Requeue | None:
        """Return the requeue of a report that has to wait for the reaction to a change; else nothing.

        Until then ``observedGeneration`` shows that the status is about an older spec. Further changes don't
        change the time of the report.
        """
        now = self._clock().timestamp()
        changed = any(outcome.child or outcome.gone for outcome in outcomes)
        due = reports.due if reports.due is not None else now + (self._delay if changed else 0.0)
        reports.due = None
        wait = 0.0 if any(outcome.problem for outcome in outcomes) else due - now
        if not LEEWAY < wait <= self._delay + LEEWAY:  # the clock may have been set back
            return None
        reports.due = due
        return Requeue(Lane.REPORT, wait)

    async def write(self, raw: dict[str, Any], reports: Reports, wanted: compute.Status) -> Written:
        """Write the status of a Formation if it differs from what is there."""
        if not compute.differs(wanted, raw["status"]):
            return Written()
        now = self._clock().timestamp()
        attempt = _attempt(raw, wanted)
        held = reports.refused.remaining(attempt, now) if reports.refused is not None else 0.0
        pause = held or reports.pause(now)
        if pause:
            return Written(Requeue(Lane.REPORT, pause + LEEWAY))
        reports.written = now
        try:
            written = formations.trimmed(await self._cluster.replace_status(manifest(raw, wanted)), raw)
        except errors.ConflictError:
            # The watch brings the newer Formation, whose pass mustn't write earlier, either.
            return Written(Requeue(Lane.REPORT, reports.pause(now) + LEEWAY))
        except errors.RefusedError as error:
            again = self._again(reports, attempt)
            return Written(again, notices=[change_events.refused(str(error))])
        notices = [*change_events.notices(raw["status"], written["status"])]
        if compute.differs(wanted, written["status"]):
            self._older.warn(logger, PRUNED)
            return Written(self._again(reports, attempt), written, notices)
        reports.refused = None
        return Written(None, written, notices)

    def _again(self, reports: Reports, attempt: object) -> Requeue:
        """Remember that a status couldn't be written, or not whole, and return when it is tried again."""
        now = self._clock().timestamp()
        again = reports.refused = tried(reports.refused, attempt, None, now, (REFUSED_FIRST, REFUSED_MOST))
        return Requeue(Lane.REPORT, again.pause)


def manifest(raw: dict[str, Any], wanted: compute.Status) -> dict[str, Any]:
    """Return what is written: only the status, with the uid and the version that it is about."""
    metadata = {field: raw["metadata"][field] for field in ("name", "namespace", "uid", "resourceVersion")}
    return {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "status": wanted}


def _attempt(raw: dict[str, Any], wanted: compute.Status) -> object:
    """Return what identifies an attempt: what may make it succeed, and the status.

    Its transition times differ at each attempt.
    """
    conditions = [{**each, "lastTransitionTime": ""} for each in wanted["conditions"]]
    return raw["metadata"].get("generation"), hash(bounds.encoded({**wanted, "conditions": conditions}))
