"""A cluster as one replica of the operator sees it: late, and through watches that may be lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, cast

from formation_operator.api import naming
from formation_operator.controller.intake import Controller
from formation_operator.kube import errors
from formation_operator.kube.objects.kinds import Kind
from formation_operator.kube.port import Cluster, Object
from tests.unit.fakes.cluster import FakeCluster, InOrder, Lag, Stream, until_cut


class View:
    """The port to a cluster, through watches of one's own."""

    def __init__(self, cluster: FakeCluster, lag: Lag) -> None:
        self._cluster = cluster
        self._lag = lag
        self._streams: dict[str, Stream] = {}

    @property
    def port(self) -> Cluster:
        """It does all that the cluster does."""
        return cast("Cluster", self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cluster, name)

    @contextlib.asynccontextmanager
    async def watch(
        self, kind: Kind, namespace: str | None, version: int
    ) -> AsyncIterator[AsyncIterator[Object]]:
        async with self._cluster.streaming(kind, namespace, version, self._lag) as stream:
            self._streams[kind.name] = stream
            yield until_cut(stream)

    def lose(self, kind: str) -> None:
        """Have the watch of a kind be too old, if it has begun."""
        if kind in self._streams:
            self._streams[kind].put_nowait(errors.ExpiredError("too old"))


def bring_formations(cluster: FakeCluster, controller: Controller, lag: Lag | None = None) -> None:
    """Bring what happens to Formations, as kopf does, as late as the cluster has it or as is given."""
    late, in_order = lag or cluster.late, InOrder()

    def happened(kind: str, raw: Object, deleted: bool) -> None:
        if kind == naming.KIND:
            type_ = "DELETED" if deleted else "MODIFIED"
            in_order.call(late(kind, raw), controller.informers.formation_event, type_, raw)

    cluster.watchers.append(happened)


@contextlib.asynccontextmanager
async def at_work(here: Controller) -> AsyncIterator[asyncio.Task[None]]:
    """Start what takes all in and has it worked on, and let it work."""
    async with asyncio.timeout(60):
        await here.start()
        running = asyncio.create_task(here.run())
        try:
            yield running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
