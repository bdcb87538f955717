"""Telling people and programs how a pass went: Events, and one write of the status.

A status that is the same isn't written.  One that differs waits: once after a change, for the cluster's
answer to it, and as long as it must for a Formation to get no more than one a second.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from formation_operator.api import naming
from formation_operator.kube import errors
from formation_operator.kube.notices import Notice
from formation_operator.kube.port import Cluster
from formation_operator.kube.timestamps import Clock
from formation_operator.observe import cache
from formation_operator.observe.children import Key
from formation_operator.observe.news import Basis
from formation_operator.requeue import Ask, Lane
from formation_operator.status import change_events, compute, served
from formation_operator.sync import executor

logger = logging.getLogger(__name__)


LEEWAY = 0.01
"""Seconds: a timer may come a little early by another clock."""
STATUS_SECONDS = 1.0
"""At most one status of a Formation is written in so many seconds: a process may crash as fast as it can."""

REFUSED_SECONDS = 300.0
"""For how long a status that was refused isn't tried again, as long as nothing changes that might help."""


class Reporter:
    """Writes statuses and Events, and remembers what is still to be told."""

    def __init__(
        self,
        cluster: Cluster,
        known: cache.Cache,
        clock: Clock,
        ask: Ask,
        delay: float,
    ) -> None:
        """Take the port to the cluster, the cache, a clock, and the seconds to wait for the cluster's answer.

        ``ask`` asks for another pass in a lane, after some seconds.
        """
        self._cluster = cluster
        self._cache = known
        self._clock = clock
        self._ask = ask
        self._delay = delay
        self._due: dict[str, float] = {}
        self._pace = Pace()
        self._schema = served.ANYTHING
        self.undeclared: tuple[str, ...] = ()
        """The fields of a status that the cluster's CRD doesn't know."""
        self._refused: dict[str, tuple[object, float]] = {}

    async def learn(self) -> None:
        """Find out what the cluster's CRD declares of a status; if that is news, look at all Formations."""
        try:
            schema = served.of_status(await self._cluster.schema(naming.KIND))
        except Exception as error:  # noqa: BLE001  # without it everything is written, as it mostly can be
            logger.warning("The schema of Formations can't be read: %s", error or type(error).__name__)
            return
        if schema == self._schema:
            return
        self._schema, self.undeclared = schema, tuple(served.lacking(schema))
        if self.undeclared:
            logger.warning(
                "The cluster's CRD is older than this operator: it doesn't know %s, which is left out: "
                "kubectl apply --server-side -k crds/",
                ", ".join(self.undeclared),
            )
        for key in self._cache.formations:
            self._ask(key, Lane.REPORT, self._delay)

    def forget(self, uid: str) -> None:
        """Drop what is remembered of a Formation that is gone."""
        self._due.pop(uid, None)
        self._pace.forget(uid)
        self._refused.pop(uid, None)

    async def tell(self, raw: dict[str, Any], notices: Iterable[Notice]) -> None:
        """Record Events on a Formation."""
        for notice in notices:
            logger.info("%s: %s", "/".join(cache.key_of(raw)), notice.note)
            await self._cluster.notify(raw, notice)

    def later(self, key: Key, uid: str, outcomes: Sequence[executor.Outcome]) -> bool:
        """Put the report off until a second after a change went well, so that it holds the cluster's answer.

        Until then ``observedGeneration`` tells everybody that the status is about an older spec.  What
        else changes meanwhile neither hastens the report nor puts it off again.
        """
        now = self._clock().timestamp()
        changed = any(outcome.child or outcome.gone for outcome in outcomes)
        due = self._due.pop(uid, now + self._delay if changed else now)
        wait = 0.0 if any(outcome.problem for outcome in outcomes) else due - now
        if not LEEWAY < wait <= self._delay + LEEWAY:  # a clock that was set back holds nothing up
            return False
        self._due[uid] = due
        self._ask(key, Lane.REPORT, wait)
        return True

    async def write(self, basis: Basis, wanted: compute.Status) -> None:
        """Write the status if it differs from what is there, and tell which types changed their state."""
        raw, wanted = basis.formation, served.fitting(wanted, self._schema)
        if not compute.differs(wanted, raw["status"]):
            return
        now = self._clock().timestamp()
        pause = self._held(basis, now) or self._pace.pause(basis.uid, now)
        if pause:
            self._ask(cache.key_of(raw), Lane.REPORT, pause + LEEWAY)
            return
        try:
            written = await self._cluster.apply_status(manifest(raw, wanted))
        except errors.RefusedError as error:
            await self._cannot(basis, error)
            return
        self._refused.pop(basis.uid, None)
        self._cache.put_formation(written)
        basis.reported(written.get("status") or {})
        await self.tell(raw, change_events.notices(raw["status"], wanted))

    def _attempt(self, basis: Basis) -> object:
        return basis.formation["metadata"].get("generation"), self.undeclared

    def _held(self, basis: Basis, now: float) -> float:
        """Return the seconds for which a status needn't be tried, because one like it was refused."""
        attempt, since = self._refused.get(basis.uid, (None, 0.0))
        waited = now - since
        held = attempt == self._attempt(basis) and 0 <= waited < REFUSED_SECONDS
        return REFUSED_SECONDS - waited if held else 0.0

    async def _cannot(self, basis: Basis, error: errors.RefusedError) -> None:
        """Say by an Event, which is all that is left, that a status can't be written."""
        self._refused[basis.uid] = (self._attempt(basis), self._clock().timestamp())
        note = f"the status can't be written, and is out of date until it can: {error}"
        await self.tell(
            basis.formation, [Notice("StatusRefused", "Report", note, warning=True, topic="status")]
        )
        self._ask(cache.key_of(basis.formation), Lane.REPORT, REFUSED_SECONDS)


class Pace:
    """Spaces the writes of each Formation's status."""

    def __init__(self) -> None:
        self._written: dict[str, float] = {}

    def pause(self, uid: str, now: float) -> float:
        """Return the seconds until the next write; 0 reserves it now."""
        since = now - self._written.get(uid, -STATUS_SECONDS)
        if 0 <= since < STATUS_SECONDS:  # a clock that was set back holds nothing up
            return STATUS_SECONDS - since
        self._written[uid] = now
        return 0.0

    def forget(self, uid: str) -> None:
        """Drop what is remembered of a Formation that is gone."""
        self._written.pop(uid, None)


def manifest(raw: dict[str, Any], wanted: compute.Status) -> dict[str, Any]:
    """Return what is applied: the status alone, for this very object and no later one of its name."""
    metadata = {field: raw["metadata"][field] for field in ("name", "namespace", "uid")}
    return {
        "apiVersion": naming.API_VERSION,
        "kind": naming.KIND,
        "metadata": metadata,
        "status": wanted,
    }
