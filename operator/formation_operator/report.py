"""Telling people and programs how a pass went: Events, and one write of the status.

A status that is the same isn't written.  One that differs waits: once after a change, for the cluster's
answer to it, and as long as it must for a Formation to get no more than one a second.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from formation_operator import apply, cache, naming, status, transitions
from formation_operator.cluster import Cluster
from formation_operator.notices import Notice
from formation_operator.observed import Key
from formation_operator.times import Clock

logger = logging.getLogger(__name__)


STATUS_SECONDS = 1.0
"""At most one status of a Formation is written in so many seconds: a process may crash as fast as it can."""


class Reporter:
    """Writes statuses and Events, and remembers what is still to be told."""

    def __init__(
        self,
        cluster: Cluster,
        known: cache.Cache,
        clock: Clock,
        ask: Callable[[Key, float], None],
        delay: float,
    ) -> None:
        """Take the port to the cluster, the cache, a clock, and the seconds to wait for the cluster's answer.

        ``ask`` asks for another pass after some seconds.
        """
        self._cluster = cluster
        self._cache = known
        self._clock = clock
        self._ask = ask
        self._delay = delay
        self._due: set[Key] = set()
        self._pace = Pace()

    def forget(self, key: Key) -> None:
        """Drop what is remembered of a Formation that is gone."""
        self._due.discard(key)
        self._pace.forget(key)

    async def tell(self, raw: dict[str, Any], notices: Iterable[Notice]) -> None:
        """Record Events on a Formation."""
        for notice in notices:
            logger.info("%s: %s", "/".join(cache.key_of(raw)), notice.note)
            await self._cluster.notify(raw, notice)

    def later(self, key: Key, outcomes: Sequence[apply.Outcome]) -> bool:
        """Put the report off once after a change went well, so that it holds the cluster's answer.

        Until then ``observedGeneration`` tells everybody that the status is about an older spec.
        """
        changed = any(outcome.child or outcome.gone for outcome in outcomes)
        troubled = any(outcome.problem for outcome in outcomes)
        if not changed or troubled or key in self._due:
            self._due.discard(key)
            return False
        self._due.add(key)
        self._ask(key, self._delay)
        return True

    async def write(self, raw: dict[str, Any], wanted: status.Status) -> None:
        """Write the status if it differs from what is there, and tell which types changed their state."""
        if not status.differs(wanted, raw["status"]):
            return
        key = cache.key_of(raw)
        pause = self._pace.pause(key, self._clock().timestamp())
        if pause:
            self._ask(key, pause)
            return
        written = await self._cluster.apply_status(manifest(raw, wanted))
        self._cache.put_formation(written)
        changed = written["metadata"]["generation"] != raw["metadata"]["generation"]
        if changed or "deletionTimestamp" in written["metadata"]:
            # The answer holds a change that the watch will bring, too, but then as no news.
            self._ask(key, 0.0)
        await self.tell(raw, transitions.notices(raw["status"], wanted))


class Pace:
    """Spaces the writes of each Formation's status."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, str], float] = {}

    def pause(self, key: tuple[str, str], now: float) -> float:
        """Return the seconds to wait before a status may be written; none counts as written now."""
        since = now - self._written.get(key, -STATUS_SECONDS)
        if 0 <= since < STATUS_SECONDS:  # a clock that was set back holds nothing up
            return STATUS_SECONDS - since
        self._written[key] = now
        return 0.0

    def forget(self, key: tuple[str, str]) -> None:
        """Drop what is remembered of a Formation that is gone."""
        self._written.pop(key, None)


def manifest(raw: dict[str, Any], wanted: status.Status) -> dict[str, Any]:
    """Return what is applied: the status alone, for this very object and no later one of its name."""
    metadata = {field: raw["metadata"][field] for field in ("name", "namespace", "uid")}
    return {
        "apiVersion": naming.API_VERSION,
        "kind": naming.KIND,
        "metadata": metadata,
        "status": wanted,
    }
