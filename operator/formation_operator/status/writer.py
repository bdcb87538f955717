"""Telling people and programs how a pass went: Events, and one write of the status.

A status that is the same isn't written.  One that differs waits: once after a change, for the cluster's
answer to it, and as long as it must for a Formation to get no more than one a second.
"""

import dataclasses
import logging
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from formation_operator.api import bounds, naming
from formation_operator.kube import errors
from formation_operator.kube.events.notices import Notice
from formation_operator.kube.objects.timestamps import Clock
from formation_operator.kube.port import Cluster
from formation_operator.observe import formations
from formation_operator.requeue import Lane, Requeue
from formation_operator.status import change_events, compute, served
from formation_operator.sync.outcome import Outcome
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)


LEEWAY = 0.01
"""Seconds: a timer may come a little early by another clock."""
STATUS_SECONDS = 1.0
"""At most one status of a Formation is written in so many seconds: a process may crash as fast as it can."""

REFUSED_FIRST, REFUSED_MOST = 10.0, 300.0
"""For how many seconds a status that was refused isn't tried again, at first and at the most, as long as
nothing changes that might help: the Formation, the CRD, or the status itself, since it may be one value in it
that is refused. Rights that were taken away are given back without a sign."""


class Refusal(NamedTuple):
    """That a status couldn't be written."""

    attempt: object
    """What it was: another one may be tried at once."""
    since: float
    pause: float
    """Seconds until it is tried again."""


@dataclasses.dataclass(slots=True)
class Reports:
    """What is remembered of how a Formation was reported."""

    due: float | None = None
    """When the report of a change comes, if it was put off."""
    written: float = -STATUS_SECONDS
    """When a status was last sent."""
    refused: Refusal | None = None
    """What couldn't be written at the last try."""

    def pause(self, now: float) -> float:
        """Return the seconds until the next status may be sent."""
        since = now - self.written
        return STATUS_SECONDS - since if 0 <= since < STATUS_SECONDS else 0.0  # or the clock was set back


class Written(NamedTuple):
    """What came of a status."""

    requeue: Requeue | None = None
    """When to come again, if it can't be written now."""
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
        self._schema = served.ANYTHING
        self.undeclared: tuple[str, ...] = ()
        """The fields of a status that the cluster's CRD doesn't know."""

    async def learn(self) -> bool:
        """Find out what the cluster's CRD declares of a status; tell whether that is news."""
        try:
            schema = served.of_status(await self._cluster.schema(naming.KIND))
        except Exception as error:  # noqa: BLE001  # without it everything is written, as it mostly can be
            logger.warning("The schema of Formations can't be read: %s", error or type(error).__name__)
            return False
        if schema == self._schema:
            return False
        self._schema, self.undeclared = schema, tuple(served.lacking(schema))
        if self.undeclared:
            logger.warning(
                "The cluster's CRD is older than this operator: it doesn't know %s, which is left out: "
                "kubectl apply -k crds/",
                ", ".join(self.undeclared),
            )
        return True

    async def record(self, raw: dict[str, Any], notices: Iterable[Notice]) -> None:
        """Record Events on a Formation."""
        for notice in notices:
            key = formations.key_of(raw)
            logger.info("%s/%s: %s", *key, notice.note, extra=records.about(key, notice.process_type))
            await self._cluster.notify(raw, notice)

    def later(self, reports: Reports, outcomes: Sequence[Outcome]) -> Requeue | None:
        """Put the report off until a second after a change went well, so that it holds the cluster's answer.

        Until then ``observedGeneration`` tells everybody that the status is about an older spec.  What
        else changes meanwhile neither hastens the report nor puts it off again.
        """
        now = self._clock().timestamp()
        changed = any(outcome.child or outcome.gone for outcome in outcomes)
        due = reports.due if reports.due is not None else now + (self._delay if changed else 0.0)
        reports.due = None
        wait = 0.0 if any(outcome.problem for outcome in outcomes) else due - now
        if not LEEWAY < wait <= self._delay + LEEWAY:  # a clock that was set back holds nothing up
            return None
        reports.due = due
        return Requeue(Lane.REPORT, wait)

    async def write(self, raw: dict[str, Any], reports: Reports, wanted: compute.Status) -> Written:
        """Write the status of a Formation if it differs from what is there."""
        wanted = served.fitting(wanted, self._schema)
        if not compute.differs(wanted, raw["status"]):
            return Written()
        now = self._clock().timestamp()
        attempt = self._attempt(raw, wanted)
        pause = _held(attempt, reports, now) or reports.pause(now)
        if pause:
            return Written(Requeue(Lane.REPORT, pause + LEEWAY))
        reports.written = now
        try:
            written = await self._send(raw, wanted)
        except errors.ConflictError:
            # The watch is about to tell how it is now, if it hasn't; that pass may write no sooner, either.
            return Written(Requeue(Lane.REPORT, reports.pause(now) + LEEWAY))
        except errors.RefusedError as error:
            return self._refused(reports, attempt, error)
        reports.refused = None
        return Written(formation=written, notices=[*change_events.notices(raw["status"], wanted)])

    async def _send(self, raw: dict[str, Any], wanted: compute.Status) -> dict[str, Any]:
        """Write a status, and return the Formation as it is then and is kept."""
        written = await self._cluster.apply_status(manifest(raw, wanted))
        present = written.get("status") or {}
        if compute.differs(wanted, present):
            # Its managed fields were stripped: what was there before isn't ours to an apply.
            whole = manifest(written, compute.beside(wanted, present))
            del written, present  # they may take megabytes, and the write long
            written = await self._cluster.replace_status(whole)
        return formations.trimmed(written, raw)

    def _attempt(self, raw: dict[str, Any], wanted: compute.Status) -> object:
        """Return what makes two attempts the same, which the times in a status don't."""
        digest = hash(bounds.encoded(_timeless(wanted)))
        return raw["metadata"].get("generation"), self.undeclared, digest

    def _refused(self, reports: Reports, attempt: object, error: errors.RefusedError) -> Written:
        """Have an Event say that a status can't be written: there is no other way to say it."""
        before = reports.refused
        again = before is not None and before.attempt == attempt
        pause = min(2 * before.pause, REFUSED_MOST) if before and again else REFUSED_FIRST
        reports.refused = Refusal(attempt, self._clock().timestamp(), pause)
        note = f"the status can't be written, and is out of date until it can: {error}"
        notice = Notice("StatusRefused", "Report", note, warning=True, topic="status")
        return Written(Requeue(Lane.REPORT, pause), notices=[notice])


def manifest(raw: dict[str, Any], wanted: compute.Status) -> dict[str, Any]:
    """Return what is applied: the status alone, for this very object as it was when that was computed."""
    metadata = {field: raw["metadata"][field] for field in ("name", "namespace", "uid", "resourceVersion")}
    return {
        "apiVersion": naming.API_VERSION,
        "kind": naming.KIND,
        "metadata": metadata,
        "status": wanted,
    }


def _timeless(status: compute.Status) -> compute.Status:
    """Return a status without the moment of each change, which is another one at each attempt."""
    conditions = [{**each, "lastTransitionTime": ""} for each in status["conditions"]]
    return {**status, "conditions": conditions}


def _held(attempt: object, reports: Reports, now: float) -> float:
    """Return the seconds for which a status needn't be tried, because one like it was refused."""
    refused = reports.refused
    if refused is None or refused.attempt != attempt:
        return 0.0
    waited = now - refused.since
    return refused.pause - waited if 0 <= waited < refused.pause else 0.0
