"""Writes the status that reports a pass.

A status that doesn't differ isn't written. After a change the report waits until the Deployment's controller
has reacted. A Formation's status is written at most once a second.
"""

import asyncio
import contextlib
import dataclasses
import logging
import math
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

from formation_operator.api import bounds, naming
from formation_operator.backoff import Attempt, attempt
from formation_operator.kube import errors
from formation_operator.kube.notices import Notice
from formation_operator.kube.port import Cluster
from formation_operator.observe import formations
from formation_operator.observe.cache import Basis, Cache
from formation_operator.requeue import REPORT_SECONDS, Lane, Requeue
from formation_operator.status import change_events, compute
from formation_operator.sync.outcome import Outcome
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)
TURN_SECONDS = 0.02
"""Statuses are written one after the other, but one that takes longer doesn't hold up the next.

A count that comes meanwhile shares the API server with them. A request that takes longer waits for etcd, and
leaves the API server to others.
"""
LEEWAY = 0.01
"""Seconds: a timer may end a little early by another clock."""
REFUSED_FIRST, REFUSED_MOST = 10.0, 300.0
"""The first and the longest back-off in seconds after a status that was refused or pruned, as long as
Formation and status are the same. Rights are granted, and the CRD is renewed, without an event."""
PRUNED = "the CRD is older than this operator, and drops fields of the status: kubectl apply -k crds/"


@dataclasses.dataclass(slots=True)
class Reports:
    """What is remembered of how a Formation was reported."""

    due: float | None = None
    """When the next report is due, if it was delayed."""
    written: float = -math.inf
    """When a status was last sent."""
    refused: Attempt[None] | None = None
    """The last try, if it was refused, or an older CRD pruned it."""

    def later(self, now: float, outcomes: Sequence[Outcome] = ()) -> Requeue | None:
        """Return the requeue of a report that has to wait for the reaction to what a pass did; else nothing.

        Until then ``observedGeneration`` shows that the status is about an older spec. A problem is reported
        at once, and further changes don't change the time of the report.
        """
        is_hurried = any(outcome.problem for outcome in outcomes)
        if self.due is None or is_hurried:
            changed = not is_hurried and any(outcome.child or outcome.gone for outcome in outcomes)
            self.due = now + REPORT_SECONDS if changed else now
        wait = max(self.due, self.written + REPORT_SECONDS) - now
        if wait > LEEWAY:
            return Requeue(Lane.REPORT, wait)
        self.due = None
        return None


class Reporter:
    """Writes statuses."""

    def __init__(
        self,
        cluster: Cluster,
        cache: Cache,
        post: Callable[[dict[str, Any], Iterable[Notice]], None],
        now: Callable[[], float],
    ) -> None:
        """Take the port to the cluster, the cache, what posts Events, and a clock that nobody sets."""
        self._cluster = cluster
        self._cache = cache
        self._post = post
        self._now = now
        self._older = records.Repeated()
        self._turns = asyncio.Semaphore()

    async def write(
        self, basis: Basis, reports: Reports, status: compute.Status, notices: Iterable[Notice] = ()
    ) -> Requeue | None:
        """Write the status of a Formation if it differs from what is there; return when to try again.

        The ``notices`` are posted with it, unless an older CRD prunes it: they would come again each time.
        """
        raw, before = basis.formation, formations.status_of(basis.formation)
        if status == before:
            return None
        now = self._now()
        what = _identity(raw, status)
        if reports.refused is not None and (wait := reports.refused.remaining(what, now)):
            return Requeue(Lane.REPORT, wait)
        reports.written = now
        try:
            async with self._turn():
                answer = await self._cluster.replace_status(manifest(raw, status))
            written = formations.trimmed(answer, raw)
        except errors.ConflictError:
            return Requeue(Lane.REPORT, REPORT_SECONDS)  # the watch brings the newer Formation
        except errors.RefusedError as error:
            self._post(raw, [change_events.refused(str(error))])
            return self._again(reports, what)
        # The watch may have pruned it at this version. A status matters to no other Formation.
        self._cache.put(naming.KIND, written, again=True)
        basis.reported(written)
        after = formations.status_of(written)
        is_whole = status == after
        changes = change_events.notices(before, after)
        self._post(raw, [*changes, *(notices if is_whole else ())])
        if is_whole:
            reports.refused = None
            return None
        self._older.warn(logger, PRUNED)
        return self._again(reports, what)

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and end it with the request, or after `TURN_SECONDS`."""
        await self._turns.acquire()
        with contextlib.ExitStack() as turn:
            turn.callback(self._turns.release)
            asyncio.get_running_loop().call_later(TURN_SECONDS, turn.close)
            yield

    def _again(self, reports: Reports, what: object) -> Requeue:
        """Remember that a status couldn't be written, or not whole, and return when it is tried again."""
        last = reports.refused
        reports.refused = attempt(last, what, None, self._now(), (REFUSED_FIRST, REFUSED_MOST))
        return Requeue(Lane.REPORT, reports.refused.delay)


def manifest(raw: dict[str, Any], status: compute.Status) -> dict[str, Any]:
    """Return what is written: only the status, with the uid and the version that it is about."""
    metadata = {field: raw["metadata"][field] for field in ("name", "namespace", "uid", "resourceVersion")}
    return {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "status": status}


def _identity(raw: dict[str, Any], status: compute.Status) -> object:
    """Return what identifies an attempt: what may make it succeed, and the status.

    Its transition times differ at each attempt.
    """
    conditions = [{**each, "lastTransitionTime": ""} for each in status["conditions"]]
    return raw["metadata"].get("generation"), hash(bounds.encoded({**status, "conditions": conditions}))
