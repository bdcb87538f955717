"""Lists every kind now and then, and takes in what the watches missed, deletions included.

Where a list ends, a watch begins: kopf's first lists, and those after it has lost the thread, are made here.
"""

import asyncio
import collections
import logging
import random
from collections.abc import Callable, Collection
from typing import Any, NamedTuple, NoReturn

from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Cluster
from formation_operator.kube.watches.streams import Place
from formation_operator.observe import formations
from formation_operator.observe.cache import Cache
from formation_operator.observe.children import Key
from formation_operator.settings import Settings

logger = logging.getLogger(__name__)
EVER = 2**63 - 1
"""The version of a list that is newer than all that is known."""
WATCHABLE_SECONDS = 60.0
"""For how many seconds after a list a watch may begin there: the API server remembers for minutes."""


class Listed(NamedTuple):
    """That all that there was at a version has been taken in."""

    version: int
    begun: float
    """By the loop's clock."""


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
        self._unlisted: dict[Place, str] = {}
        self.left_out: set[str] = set()
        """The namespaces that don't let us list all that is watched."""
        self._listing: dict[kinds.Kind, asyncio.Lock] = collections.defaultdict(asyncio.Lock)
        self._unwatched: dict[Place, Listed] = {}
        """The latest list of each place, unless a watch has begun there."""
        self._watched: set[Place] = set()
        """Where a watch has ever begun."""
        self._restored: asyncio.Queue[errors.RestoredError] = asyncio.Queue()

    async def resync(self) -> None:
        """List all that is watched, but for what is in namespaces that refuse, if others don't.

        Raises `ClusterError`, and `RestoredError` for which there is no way but to begin anew.
        """
        refusals = []
        for namespace in self._settings.scopes:
            try:
                await self._list_all(namespace)
            except errors.ForbiddenError as error:
                refusals.append(error)
        if len(refusals) == len(self._settings.scopes):
            raise refusals[0]

    async def _list_all(self, namespace: str | None) -> None:
        """List every kind in a namespace, or in all; of one that refuses all stays as it was known.

        No kind is listed after one that is refused: nothing may be decided about without its autoscalers.
        """
        try:
            for kind in kinds.WATCHED:
                await self._list((kind, namespace))
        except errors.ForbiddenError as error:
            self._leave_out(namespace, error)
            raise
        if namespace in self.left_out:
            self.left_out.remove(namespace)
            logger.info("Namespace %s is served again", namespace)

    async def since(self, kind: kinds.Kind, namespace: str | None) -> str:
        """Return the version that a watch begins at: of the latest list, or of another if that won't do.

        A second watch from the same version would mean that what has happened since was lost to the first.
        A kind that may be absent is waited for.  Raises as `resync` does.
        """
        try:
            return str((await self._latest((kind, namespace))).version)
        except errors.RestoredError as error:
            self._restored.put_nowait(error)
            raise

    async def _latest(self, place: Place) -> Listed:
        """Return the list that a watch of a place begins at, and keep none for the next one."""
        _, namespace = place
        if place in self._watched:  # one that was late may have told of older things since its latest list
            self._unwatched.pop(place, None)
        self._watched.add(place)
        if namespace in self.left_out:
            await self._list_all(namespace)
        latest = self._unwatched.pop(place, None)
        if latest is None or asyncio.get_running_loop().time() - latest.begun > WATCHABLE_SECONDS:
            await self._list_anew(place)
            latest = self._unwatched.pop(place)
        return latest

    async def _list_anew(self, place: Place) -> None:
        """List a place once its kind is installed; leave its namespace out if that refuses."""
        _, namespace = place
        try:
            while not await self._list(place):  # noqa: ASYNC110  # nothing tells that a kind is installed
                await asyncio.sleep(self._settings.poll)
        except errors.ForbiddenError as error:
            self._leave_out(namespace, error)
            raise

    def _leave_out(self, namespace: str | None, error: errors.ForbiddenError) -> None:
        """Note that a namespace refuses us, and say so once, by the first kind that it does so for."""
        if namespace is not None and namespace not in self.left_out:
            self.left_out.add(namespace)
            logger.warning("Namespace %s is left out as long as it refuses: %s", namespace, error)

    async def until_restored(self) -> NoReturn:
        """Wait for a `RestoredError` of `since`, and raise it: who watches only tries again."""
        raise await self._restored.get()

    async def _list(self, place: Place) -> bool:
        """List a place; tell whether that was possible, and of a kind that may be absent raise nothing else.

        Whatever is wrong with such a kind, the others go on, and the log says so once.
        """
        kind, _ = place
        try:
            await self._list_in(place)
        except errors.RestoredError:
            raise
        except Exception as error:
            if not kind.optional:
                raise
            self._do_without(place, error)
            return False
        self._unlisted[place] = ""
        return True

    def _do_without(self, place: Place, error: Exception) -> None:
        """Go on without a kind that can't be listed: what isn't installed has no objects."""
        kind, _ = place
        trouble = ""
        if isinstance(error, errors.NotFoundError):
            self._drop_missing(place, set(), EVER)
        elif (trouble := repr(error)) != self._unlisted.get(place):
            logger.warning(
                "%s can't be listed, so what they may scale is left as it is: %s", kind.name, trouble
            )
        self._unlisted[place] = trouble

    async def _list_in(self, place: Place) -> None:
        kind, _ = place
        # Of two lists at once the older may come last.
        async with self._listing[kind]:
            begun, newest = asyncio.get_running_loop().time(), self._cache.stores[kind.name].newest
            there, version = await self._read(place)
            self._check_time(kind, version, newest)
            self._drop_missing(place, there, version)
            self._unwatched[place] = Listed(version, begun)

    async def _read(self, place: Place) -> tuple[set[Key], int]:
        """Take in all that there is; return the names, and since when nothing is missing."""
        kind, namespace = place
        there: set[Key] = set()
        versions = []
        async for items, version in self._cluster.pages(kind.name, namespace):
            for raw in items:
                self._take(kind.name, raw, int(version))
            there.update(map(formations.key_of, items))
            versions.append(int(version))
        return there, min(versions)

    def _check_time(self, kind: kinds.Kind, version: int, newest: int) -> None:
        """Raise `RestoredError` if a list is older than what was known before it: nothing in it is news."""
        known = max(newest, self._listed.get(kind.name, 0))
        if version < known:
            raise errors.RestoredError(f"{kind.name}: version {version} after {known}")
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

    def _drop_missing(self, place: Place, there: Collection[Key], version: int) -> None:
        """Take as deleted what we know of a place but its list lacks, unless it is newer than the list.

        A watch that lags behind the list may still tell of it: that is no news at the list's version.
        """
        kind, namespace = place
        store = self._cache.stores[kind.name]
        for key in store.known.keys() - there:
            latest = store.latest(key)
            if latest <= version and namespace in (None, key[0]):
                self._cache.drop(kind.name, key, latest if version == EVER else version, listed=True)


def around(seconds: float) -> float:
    """Return about so many seconds, so that not all operators list at once."""
    return seconds * random.uniform(0.9, 1.1)  # noqa: S311
