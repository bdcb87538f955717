"""Posts Events beside the passes, as client-go does: no pass waits for one, and some may be lost."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

from formation_operator.kube.notices import Notice
from formation_operator.kube.port import Cluster, Object
from formation_operator.observe import formations
from formation_operator.shares import Shares
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)
HELD = 1000
"""How many Events wait at most; namespaces share this."""
SOON = 30.0
"""Seconds after which an Event that couldn't be posted is lost."""
AT_ONCE = 4
"""How many namespaces have an Event posted at the same time."""
FULL = f"more than {HELD} Events wait to be posted: the oldest ones of the namespace that has most are lost"


class Poster:
    """Posts the Events of a namespace in their order, one at a time."""

    def __init__(self, cluster: Cluster) -> None:
        """Take the port to the cluster."""
        self._cluster = cluster
        self._waiting: Shares[object, tuple[float, Object, Notice]] = Shares(HELD)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._full = records.Repeated()
        self.posting: dict[str, asyncio.Task[None]] = {}
        """What posts the Events of a namespace, while there are any."""

    def post(self, raw: dict[str, Any], notices: Iterable[Notice]) -> None:
        """Log Events about a Formation, and have them posted."""
        for notice in notices:
            key = namespace, _ = formations.key_of(raw)
            regarding = {"metadata": {each: raw["metadata"][each] for each in ("namespace", "name", "uid")}}
            logger.info("%s/%s: %s", *key, notice.note, extra=records.fields(key, notice.process_type))
            waiting = asyncio.get_running_loop().time() + SOON, regarding, notice
            if self._waiting.put(namespace, object(), waiting):
                self._full.warn(logger, FULL)
            if namespace not in self.posting:
                self.posting[namespace] = asyncio.create_task(self._post(namespace))

    async def close(self) -> None:
        """Lose what isn't posted yet."""
        posting = [*self.posting.values()]
        for task in posting:
            task.cancel()
        await asyncio.gather(*posting, return_exceptions=True)

    async def _post(self, namespace: str) -> None:
        try:
            while waiting := self._waiting.take(namespace):
                until, regarding, notice = waiting
                try:
                    async with asyncio.timeout_at(until), self._turns:
                        await self._cluster.notify(regarding, notice)
                except Exception as error:  # noqa: BLE001  # the next one is posted all the same
                    logger.warning("An Event couldn't be recorded: %r (%s)", error, notice.note)
        finally:
            del self.posting[namespace]
