"""A reflector: lists a kind, watches it from there, and so keeps a store up to date.

It is client-go's reflector, for one kind in one namespace or in all. When a watch ends, the next one starts
at once, from the last event or bookmark. If that isn't possible (410, a server that was unreachable, a kind
that is forbidden or isn't installed), the kind is listed again, with a growing pause before each try. Objects
that a list lacks have been deleted.

Decision 44 says why the informer of the `kubernetes` package isn't used.
"""

import asyncio
import logging
import random
from typing import NoReturn, Protocol

from formation_operator.backoff import Attempt, attempt
from formation_operator.kube import errors
from formation_operator.kube.objects.kinds import Key, Kind
from formation_operator.kube.port import Cluster, Object
from formation_operator.kube.watch_events import BOOKMARK, DELETED
from formation_operator.telemetry.records import Repeated

logger = logging.getLogger(__name__)
BACK_OFF = 1.0, 30.0
"""The first and the longest seconds between two tries, as client-go has them."""
ABSENT_SECONDS = 15.0
"""The time between two looks for an optional kind that isn't installed."""
SHORT = 1.0
"""A watch that ends within so many seconds counts as a failed try."""
LIST_AGAIN = (errors.ExpiredError, errors.ForbiddenError, errors.NotFoundError)
"""The errors after which no watch can go on from where it was."""
FOR_EVER = 2**63 - 1
"""A version that is newer than all others."""


class Sink(Protocol):
    """Takes in what a reflector reads of a kind, mostly into a store."""

    def seen(self, kind: Kind, raw: Object, *, deleted: bool = False, as_of: int = 0) -> None:
        """Take in the object of an event, or of a list as of a version."""

    def replaced(self, kind: Kind, namespace: str | None, names: set[Key], version: int) -> None:
        """Drop the objects that a complete list lacks; all that it has were taken in before."""

    def reached(self, kind: str, namespace: str | None, /) -> None:
        """Take note of an event or a bookmark."""

    def permitted(self, kind: Kind, namespace: str | None, *, permitted: bool) -> None:
        """Note whether we have the right to a kind; while we don't, what is known of it stays."""


class Reflector:
    """Keeps the store of one kind up to date, in a namespace or in all."""

    def __init__(self, cluster: Cluster, kind: Kind, namespace: str | None, sink: Sink) -> None:
        """Take the port, what to reflect, and where to."""
        self._cluster = cluster
        self.kind = kind
        """What it reflects."""
        self._namespace = namespace
        self._sink = sink
        self._listing = asyncio.Lock()
        self._version: int | None = None
        """The version from which the next watch starts; none if a list has to come first."""
        self._newest = 0
        """The latest version of a list or an event."""
        self._last: Attempt[None] | None = None
        """The last try, if it has failed and no event has come since."""
        self._trouble = Repeated()

    async def list(self) -> None:
        """List once, take in all objects, and drop those that don't exist any more.

        Raises `ClusterError`, unless the kind is optional: then that is logged, as is `ForbiddenError` if the
        kind is dispensable. Raises `RestoredError` if the list is older than what was known before it.
        """
        try:
            await self._list()
        except errors.ClusterError as error:
            is_forbidden = isinstance(error, errors.ForbiddenError)
            if is_forbidden or self.kind.optional:
                self._failed(error)
            if not (self.kind.optional or (is_forbidden and self.kind.dispensable)):
                raise

    async def _list(self) -> None:
        async with self._listing:  # otherwise the older of two lists might come last
            newest = self._newest
            names: set[Key] = set()
            versions = []
            async for items, of_page in self._cluster.pages(self.kind, self._namespace):
                for raw in items:
                    self._sink.seen(self.kind, raw, as_of=int(of_page))
                names.update((raw["metadata"]["namespace"], raw["metadata"]["name"]) for raw in items)
                versions.append(int(of_page))
            version = min(versions)
            if version < newest:
                raise errors.RestoredError(f"{self.kind.name}: version {version} after {newest}")
            self._newest = version
            self._sink.replaced(self.kind, self._namespace, names, version)
            if self._version is None:
                self._version = version

    async def run(self) -> NoReturn:
        """Watch for ever, from the last list on; what is forbidden or fails is tried again.

        Raises `RestoredError`, after which only a new process helps.
        """
        now = asyncio.get_running_loop().time
        while True:
            wait = 0.0
            try:
                if self._version is None:
                    await self._list()
                started = now()
                await self._watch()
                if now() - started <= SHORT:
                    wait = self._back_off()
            except errors.ClusterError as error:
                if isinstance(error, LIST_AGAIN):
                    self._version = None
                self._failed(error)
                wait = ABSENT_SECONDS if self._is_absent(error) else self._back_off()
            await asyncio.sleep(wait)

    def _back_off(self) -> float:
        """Return for how many seconds to wait after a try that has failed."""
        self._last = attempt(self._last, "", None, 0, BACK_OFF, random.random)
        return self._last.remaining("", 0)

    async def _watch(self) -> None:
        """Watch until the server ends the watch.

        If a watch can't start, a list follows: the server may have been restored from a backup meanwhile.
        """
        version, self._version = self._version, None
        assert version is not None  # noqa: S101  # a list has come before
        async with self._cluster.watch(self.kind, self._namespace, version) as events:
            self._version = version
            self._trouble.warn(logger, "")
            self._sink.permitted(self.kind, self._namespace, permitted=True)
            async for event in events:
                raw = event["object"]
                version = int(raw["metadata"]["resourceVersion"])
                if version < self._version:  # only a list shows whether the cluster was restored
                    raise errors.ExpiredError(f"version {version} after {self._version}")
                self._sink.reached(self.kind.name, self._namespace)
                if event["type"] != BOOKMARK:
                    self._sink.seen(self.kind, raw, deleted=event["type"] == DELETED)
                self._newest = self._version = version
                self._last = None

    def _failed(self, error: errors.ClusterError) -> None:
        """Log an error when it starts, and not again while it lasts; report what it says of the kind.

        All objects of a kind that isn't installed are dropped. A kind isn't reported as forbidden while a
        watch still brings all that changes.
        """
        usual = isinstance(error, errors.ExpiredError | errors.NotFoundError)
        text = f"{self.kind.name} can't be listed or watched: %s"
        self._trouble.warn(logger, "" if usual else str(error), text)
        if self._is_absent(error):
            self._sink.replaced(self.kind, self._namespace, set(), FOR_EVER)
        if isinstance(error, errors.ForbiddenError) and self._version is None:
            self._sink.permitted(self.kind, self._namespace, permitted=False)

    def _is_absent(self, error: errors.ClusterError) -> bool:
        return self.kind.optional and isinstance(error, errors.NotFoundError)
