"""Lists every kind now and then, and takes in what the watches missed, deletions included."""

import asyncio
import logging
import random
from collections.abc import Callable, Collection
from typing import Any

from formation_operator.kube import errors, kinds
from formation_operator.kube.port import Cluster
from formation_operator.observe import formations
from formation_operator.observe.cache import Cache
from formation_operator.observe.children import Key
from formation_operator.settings import Settings

logger = logging.getLogger(__name__)
EVER = 2**63 - 1
"""The version of a list that is newer than all that is known."""


class Lister:
    """Compares what is known with lists of what there is."""

    def __init__(
        self,
        cluster: Cluster,
        known: Cache,
        see: Callable[[str, dict[str, Any]], None],
        settings: Settings,
    ) -> None:
        """Take the port to the cluster, the cache, and what takes in an object of a kind."""
        self._cluster = cluster
        self._cache = known
        self._see = see
        self._settings = settings
        self._listed: dict[str, int] = {}
        self._unlisted: dict[str, str] = {}

    async def resync(self) -> None:
        """List all that is watched.

        Raises `ClusterError`, and `RestoredError` for which there is no way but to begin anew.
        """
        # One after the other, and each by one task only: of two lists at once the older may come last.
        for kind in kinds.WATCHED:
            await self._list(kind)

    async def poll(self) -> None:
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

    async def poll_forever(self) -> None:
        """List what isn't watched every few seconds."""
        while True:
            await asyncio.sleep(self._settings.poll)
            await self.poll()

    async def _list(self, kind: kinds.Kind) -> None:
        there: set[Key] = set()
        versions = []
        try:
            async for items, version in self._cluster.pages(kind.name):
                for raw in items:
                    self._take(kind.name, raw, int(version))
                there.update(map(formations.key_of, items))
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
            self._see(kind, raw)
        except errors.RestoredError:
            raise
        except Exception:
            logger.exception("%s %s/%s can't be read", kind, *formations.key_of(raw))

    def _check_age(self, kind: str, raw: dict[str, Any], listed: int) -> None:
        """Raise `RestoredError` if a list doesn't know what had happened to an object before it.

        That is how a cluster looks whose versions have caught up with those from before its restoration.
        """
        store, key, version = self._cache.stores[kind], formations.key_of(raw), formations.version_of(raw)
        if store.contradicts(key, version, listed):
            raise errors.RestoredError(f"{kind} {'/'.join(key)}: version {version} after {store.latest(key)}")

    def _drop_missing(self, kind: str, there: Collection[Key], version: int) -> None:
        """Take as deleted what we know but the list lacks, unless it is newer than the list."""
        store = self._cache.stores[kind]
        for key in store.known.keys() - there:
            latest = store.latest(key)
            if latest <= version:
                self._cache.drop(kind, key, latest)


def around(seconds: float) -> float:
    """Return about so many seconds, so that not all operators list at once."""
    return seconds * random.uniform(0.9, 1.1)  # noqa: S311
