"""The running whole: what is seen goes into the cache, and a pass is asked for where it matters."""

import asyncio
import logging
import random
from collections.abc import Collection
from typing import Any

from formation_operator.api import naming
from formation_operator.controller import reconcile
from formation_operator.controller.queue import Queue
from formation_operator.kube import errors, kinds, lenient
from formation_operator.kube.port import Cluster
from formation_operator.kube.timestamps import Clock
from formation_operator.observe import autoscalers, cache, children, news, pods
from formation_operator.observe.autoscalers import Autoscaler
from formation_operator.observe.children import Child, Key
from formation_operator.observe.pods import Pod
from formation_operator.requeue import Lane
from formation_operator.settings import Settings

logger = logging.getLogger(__name__)
EVER = 2**63 - 1
"""The version of a list that is newer than all that is known."""


class Controller:
    """Holds the cache and the queue, and keeps them in step with the cluster."""

    def __init__(self, cluster: Cluster, settings: Settings, clock: Clock) -> None:
        self._cluster = cluster
        self._settings = settings
        self._cache = cache.Cache()
        self._listed: dict[str, int] = {}
        self._unlisted: dict[str, str] = {}
        self._reconciler = reconcile.Reconciler(cluster, self._cache, clock, self._ask, settings)
        self._queue = Queue(
            self._pass,
            workers=settings.workers,
            retry_first=settings.retry_first,
            retry_most=settings.retry_most,
            jitter=random.random,
        )

    async def start(self) -> None:
        """List everything, so that the first pass sees all that is there."""
        while True:
            try:
                await self._poll()
                return await self.resync()
            except errors.NotFoundError:
                logger.error("Formations aren't known to the cluster yet: kubectl apply -k crds/")  # noqa: TRY400
            except errors.ClusterError as error:
                logger.warning("The cluster can't be listed yet: %s", error)
            await asyncio.sleep(self._settings.start_retry)

    async def run(self) -> None:
        """Run passes, and list and compare now and then."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._queue.work(), name="queue")
            tasks.create_task(self._resync_forever(), name="resync")
            tasks.create_task(self._poll_forever(), name="poll")

    async def _resync_forever(self) -> None:
        # Soon for the first time: what is deleted between our listing and the watches' own goes untold.
        pause = min(self._settings.first_resync, self._settings.resync)
        failed = 0
        while True:
            await asyncio.sleep(pause * random.uniform(0.9, 1.1))  # noqa: S311
            try:
                await self.resync()
            except errors.RestoredError:
                raise
            except Exception:
                failed += 1
                if failed >= self._settings.resync_tries:
                    raise
                logger.exception("Listing failed; the watches go on")
                pause = self._settings.resync_retry
            else:
                failed, pause = 0, self._settings.resync

    async def _poll_forever(self) -> None:
        while True:
            await asyncio.sleep(self._settings.poll)
            await self._poll()

    async def _poll(self) -> None:
        """List what isn't watched; whatever is wrong with it, the others go on, and the log says so once."""
        for kind in kinds.POLLED:
            trouble = ""
            try:
                await self._list(kind)
            except errors.RestoredError:
                raise
            except Exception as error:  # noqa: BLE001
                trouble = repr(error)
            if trouble and trouble != self._unlisted.get(kind.name):
                logger.warning(
                    "%s can't be listed, so what they may scale is left as it is: %s", kind.name, trouble
                )
            self._unlisted[kind.name] = trouble

    async def resync(self) -> None:
        """List every kind and take in what the watches may have missed, deletions included.

        Raises `ClusterError`, and `RestoredError` for which there is no way but to begin anew.
        """
        await self._reconciler.learn()
        # One after the other, and each by one task only: of two lists at once the older may come last.
        for kind in kinds.WATCHED:
            await self._list(kind)

    async def _list(self, kind: kinds.Kind) -> None:
        there: set[Key] = set()
        versions = []
        try:
            async for items, version in self._cluster.pages(kind.name):
                for raw in items:
                    self._take(kind.name, raw, int(version))
                there.update(map(cache.key_of, items))
                versions.append(int(version))
        except errors.NotFoundError:
            if kind not in kinds.POLLED:
                raise
            there, versions = set(), [EVER]  # it isn't installed, so whatever is known of it has gone
        else:
            self._check_time(kind, min(versions))
        # The list of one namespace doesn't know what happened in it while the next one was read.
        self._drop_missing(kind.name, there, min(versions))

    def _check_time(self, kind: kinds.Kind, version: int) -> None:
        """Raise `RestoredError` if a list is older than an earlier one: nothing later would be news."""
        if version < self._listed.get(kind.name, 0):
            raise errors.RestoredError(f"{kind.name}: version {version} after {self._listed[kind.name]}")
        self._listed[kind.name] = version

    def _take(self, kind: str, raw: dict[str, Any], listed: int) -> None:
        """Take in an object of a list; whatever is odd about one keeps nobody from seeing the others."""
        try:
            self._check_age(kind, raw, listed)
            self.see(kind, raw, deleted=False)
        except errors.RestoredError:
            raise
        except Exception:
            logger.exception("%s %s/%s can't be read", kind, *cache.key_of(raw))

    def _check_age(self, kind: str, raw: dict[str, Any], listed: int) -> None:
        """Raise `RestoredError` if a list doesn't know what had happened to an object before it.

        That is how a cluster looks whose versions have caught up with those from before its restoration.
        """
        if self._cache.contradicts(kind, raw, listed):
            key = cache.key_of(raw)
            latest = self._cache.latest(kind, key)
            raise errors.RestoredError(
                f"{kind} {'/'.join(key)}: version {cache.version_of(raw)} after {latest}"
            )

    async def _pass(self, key: Key) -> bool:
        """Run a pass; tell whether nothing is left to try again, as with a Formation that has gone."""
        uid = self._cache.uid_of(key)
        try:
            well = await self._reconciler.run(key)
        except errors.NotFoundError as error:
            well = await self._is_gone(key, error)
        except errors.ClusterError as error:
            logger.warning("%s/%s: %s; trying again", *key, error)
            well = False
        return well or self._cache.uid_of(key) != uid

    async def _is_gone(self, key: Key, error: errors.NotFoundError) -> bool:
        """Forget a Formation whose deletion no watch told of; tell whether it is gone indeed."""
        known = self._cache.formations.get(key)
        if known is not None and await self._cluster.get(naming.KIND, *key) is not None:
            logger.warning("%s/%s: %s; trying again", *key, error)
            return False
        if known is not None:
            self.see_formation({"metadata": known["metadata"]}, deleted=True)
        return True

    def _ask(self, key: Key, lane: Lane, delay: float = 0.0) -> None:
        """Ask for a pass, but for nobody who has gone."""
        if key in self._cache.formations:
            self._queue.add(key, lane, delay)

    def _hear(self, key: Key, lane: Lane | None) -> None:
        """Ask for a pass because of news; figures are gathered for a while first, as others follow."""
        # A pass that is under way finds it itself, and knows what of it is an echo.
        if lane is not None and not self._reconciler.is_under_way(key):
            self._ask(key, lane, self._settings.status_delay if lane is Lane.REPORT else 0.0)

    def see(self, kind: str, raw: dict[str, Any], *, deleted: bool) -> None:
        """Take in an object of any kind as a watch or a list gave it."""
        if kind == naming.KIND:
            self.see_formation(raw, deleted=deleted)
        elif kind == "Pod":
            self.see_pod(raw, deleted=deleted)
        elif kind in kinds.AUTOSCALERS:
            self.see_autoscaler(raw, kind, deleted=deleted)
        else:
            self.see_child(children.child(raw, kind), deleted=deleted)

    def _drop_missing(self, kind: str, there: Collection[Key], version: int) -> None:
        """Take as deleted what we know but the list lacks, unless it is newer than the list."""
        for key, known in self._cache.known(kind).items():
            if key not in there and self._cache.latest(kind, key) <= version:
                self._lose(kind, known)

    def _lose(self, kind: str, known: Any) -> None:
        """Take what is known of an object as deleted."""
        if kind == naming.KIND:
            self.see_formation(known, deleted=True)
        elif kind == "Pod":
            self._forget_pod(known)
        elif kind in kinds.AUTOSCALERS:
            self._drop_autoscaler(known)
        else:
            self.see_child(known, deleted=True)

    def see_formation(self, raw: dict[str, Any], *, deleted: bool) -> None:
        """Take in a Formation as a watch or a list gave it."""
        key = cache.key_of(raw)
        before = self._cache.formations.get(key)
        if deleted:
            self._lose_formation(key, raw)
        elif self._cache.put_formation(raw):
            if before is not None and before["metadata"]["uid"] != raw["metadata"]["uid"]:
                self._reconciler.forget(before["metadata"]["uid"])
            self._hear(key, news.of_formation(before, self._cache.formations[key]))

    def _lose_formation(self, key: Key, raw: dict[str, Any]) -> None:
        rivals = self._cache.drop_formation(key, cache.version_of(raw))
        self._reconciler.forget(raw["metadata"]["uid"])
        if key not in self._cache.formations:
            self._queue.forget(key)
        for rival in rivals:
            self._ask(rival, Lane.BUILD)

    def see_child(self, child: Child, *, deleted: bool) -> None:
        """Take in a Deployment or Service; a change of its figures alone may wait a little."""
        concerned = self._cache.concerned(child)
        change = self._cache.drop_child(child, lost=True) if deleted else self._cache.put_child(child)
        if change is None:
            return
        before = change.before
        if before is not None:
            concerned |= self._cache.concerned(before)
        for key in concerned:
            self._hear(key, news.of_child(before, None if deleted else child))

    def see_autoscaler(self, raw: dict[str, Any], kind: str, *, deleted: bool) -> None:
        """Take in an HPA or a ScaledObject."""
        autoscaler = autoscalers.autoscaler(raw, kind)
        if deleted:
            self._drop_autoscaler(autoscaler)
            return
        for key in self._cache.put_autoscaler(autoscaler):
            self._ask(key, Lane.BUILD)

    def _drop_autoscaler(self, autoscaler: Autoscaler) -> None:
        for key in self._cache.drop_autoscaler(autoscaler):
            self._ask(key, Lane.BUILD)

    def see_pod(self, raw: dict[str, Any], *, deleted: bool) -> None:
        """Take in a Pod: only those that aren't well are remembered."""
        namespace, name = cache.key_of(raw)
        key = namespace, lenient.text(lenient.mapping(raw["metadata"], "labels"), naming.FORMATION_LABEL)
        pod = None if deleted else pods.pod(raw)
        if pod is None:
            changed = self._cache.drop_pod(key, name, cache.version_of(raw))
        else:
            changed = self._cache.put_pod(key, pod)
        self._pod_changed(key, changed=changed)

    def _forget_pod(self, pod: Pod) -> None:
        key = pod.namespace, pod.formation
        self._pod_changed(key, changed=self._cache.drop_pod(key, pod.name, pod.resource_version))

    def _pod_changed(self, key: Key, *, changed: bool) -> None:
        if changed:
            self._ask(key, Lane.REPORT, self._settings.status_delay)
