"""The controller: a change in the cache puts the Formations that it concerns into the queue."""

import asyncio
import logging
import random
import time
from collections.abc import Iterator
from functools import partial
from typing import Any, NoReturn

from formation_operator.api import naming
from formation_operator.controller import leader
from formation_operator.controller.informers import Informers
from formation_operator.controller.queueing.queue import Queue
from formation_operator.controller.reconcile import Reconciler
from formation_operator.kube import errors
from formation_operator.kube.objects.kinds import Key
from formation_operator.kube.objects.timestamps import Clock
from formation_operator.kube.port import Cluster
from formation_operator.observe import formations
from formation_operator.observe.cache import Cache
from formation_operator.observe.store import Change
from formation_operator.requeue import Lane, Result
from formation_operator.settings import Settings
from formation_operator.telemetry.census import LISTED, Census
from formation_operator.telemetry.instruments import Instruments

logger = logging.getLogger(__name__)


class Controller:
    """Holds the cache, the informers that fill it, and the queue of passes."""

    def __init__(
        self,
        cluster: Cluster,
        settings: Settings,
        clock: Clock,
        lead: leader.Lead = leader.alone,
        instruments: Instruments | None = None,
    ) -> None:
        """Take the port to the cluster, how to run, a clock, the leader election, and the metrics."""
        self.instruments = instruments or Instruments()
        self._settings = settings
        self._lead = lead
        self._unled: dict[Key, None] | None = {}
        """The Formations that would be in the queue if this replica led; the latest is the last."""
        self._cache = Cache()
        self._new_reconciler = partial(Reconciler, cluster, self._cache, clock, settings, self._changed)
        self._reconciler = self._new_reconciler()
        self.informers = Informers(
            cluster,
            self._cache,
            settings,
            changed=self._changed,
            synced=self._on_synced,
            reached=self.instruments.reached,
        )
        self._queue = Queue(self._pass, settings)
        self._show()

    def _show(self) -> None:
        """Have each scrape of the metrics read the cache and the queue."""
        kinds = (each.kind for each in self._cache.watched.values())
        needed = (kind.name for kind in kinds if not kind.optional and not kind.dispensable)
        self.instruments.watch(needed, self._settings.scopes, self.informers.left_out)
        # Only the leader has a backlog. The thread of a scrape calls these.
        self.instruments.look_at(
            self._leads,
            depth=lambda lane: self._queue.depth(lane) if self._leads() else 0,
            oldest=lambda: self._queue.oldest() if self._leads() else 0.0,
        )
        self.instruments.registry.register(Census(self._led, LISTED))

    def _leads(self) -> bool:
        return self._unled is None

    def _led(self) -> Iterator[dict[str, Any]]:
        """Yield the Formations with their statuses if this replica leads, so that only one counts them."""
        for each in [*self._cache.formations.values()] if self._leads() else ():
            yield {**each, "status": formations.status_of(each)}

    async def start(self) -> None:
        """List everything, so that the first pass sees all that is there."""
        while True:
            try:
                return await self.informers.list()
            except errors.NotFoundError:
                logger.error("Formations aren't known to the cluster yet: kubectl apply -k crds/")  # noqa: TRY400
            except errors.ClusterError as error:
                logger.warning("The cluster can't be listed yet: %s", error)
            await asyncio.sleep(self._settings.start_retry)

    async def run(self) -> None:
        """Run passes, and watch; raises errors after which only a new process helps, in a group."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._lead(self._work), name="queue")
            tasks.create_task(self.informers.run(), name="informers")
            tasks.create_task(self._resync_forever(), name="resync")

    async def _resync_forever(self) -> NoReturn:
        """List everything again from time to time, in case a watch has missed anything."""
        while True:
            # Not all operators at once.
            await asyncio.sleep(self._settings.resync * random.uniform(0.9, 1.1))  # noqa: S311
            try:
                await self.informers.list()
            except errors.ClusterError as error:
                logger.warning("Listing failed; the watches continue: %s", error)

    async def _work(self) -> None:
        """Run passes, first one of every Formation: another replica may have led until now.

        Formations that have changed since their last report come first, then those that were added last:
        the replica that led before may not have run their passes.
        """
        self._reconciler = self._new_reconciler()
        latest = [*reversed(self._unled or {})]
        self._unled = None
        try:
            for key in [*latest, *self._cache.formations]:
                is_behind = formations.is_behind(self._cache.formations[key])
                self._enqueue(key, Lane.CHANGE if is_behind else Lane.BUILD)
            await self._queue.work()
        finally:
            self._unled = {}
            await self._reconciler.events.close()

    def _on_synced(self, scope: str | None) -> None:
        """Enqueue each Formation of a scope: until now no pass of them could run."""
        for key in self._cache.formations:
            if scope in (None, key[0]):
                self._enqueue(key, Lane.BUILD)

    async def _pass(self, key: Key) -> Result:
        """Run a pass, and count it."""
        started = time.perf_counter()
        try:
            result = await self._reconciler.run(key)
        except Exception:
            self.instruments.passed(None, time.perf_counter() - started)
            raise
        self.instruments.passed(result.retry, time.perf_counter() - started)
        return result

    def _changed(self, change: Change[Any] | None) -> None:
        """Enqueue each Formation that a change in the cluster concerns, unless its pass compares that."""
        if change is None:
            return
        if change.kind == naming.KIND and change.before is not None:
            self._forget_replaced(change.before, change.now)
        for key, lane in self._cache.concerned(change).items():
            if not self._reconciler.will_compare(key, change):
                self._enqueue(key, lane)

    def _forget_replaced(self, before: dict[str, Any], now: dict[str, Any] | None) -> None:
        """Forget a Formation that is gone, even if another one of its name has come."""
        if now is None or formations.uid_of(now) != formations.uid_of(before):
            self._reconciler.forget(formations.uid_of(before))
        if now is None:
            key = formations.key_of(before)
            self._queue.forget(key)
            if self._unled is not None:
                self._unled.pop(key, None)

    def _enqueue(self, key: Key, lane: Lane) -> None:
        """Add a Formation to the queue, if it exists; reports wait a little, since further changes follow."""
        if key not in self._cache.formations or not self.informers.has_synced(key):
            return
        if self._unled is not None:
            self._unled.pop(key, None)
            self._unled[key] = None
        else:
            self._queue.add(key, lane, lane.delay)
