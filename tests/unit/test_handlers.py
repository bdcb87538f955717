"""kopf runs the operator: what it brings is acted on, whatever comes instead of it."""

import asyncio
import contextlib
import json
import pathlib
from collections.abc import AsyncIterator, Awaitable, Callable

import kopf
import pytest
from aiohttp import web
from kubernetes.aio.config import kube_config

from formation_operator import handlers, process
from formation_operator.api import naming
from formation_operator.controller import informers
from formation_operator.observe import watched
from formation_operator.settings import Settings
from tests import builders
from tests.builders import a_formation
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.live_api_server import LiveApiServer

assert handlers  # kopf registers what it defines
QUICK = Settings(start_retry=0.001, liveness=None, resync=600.0)
Trouble = Callable[[web.Request], Awaitable[web.StreamResponse]]


def a_cluster(*names: str, namespace: str = "default") -> FakeCluster:
    cluster = FakeCluster()
    for name in names:
        put(cluster, name, namespace)
    return cluster


def put(cluster: FakeCluster, name: str, namespace: str = "default") -> None:
    version = str(cluster.version + 1)
    formation = builders.stored(a_formation(name), uid=name, namespace=namespace, resourceVersion=version)
    cluster.put(naming.KIND, formation)


def label(cluster: FakeCluster, name: str, namespace: str = "default") -> None:
    cluster.merge(naming.KIND, namespace, name, {"metadata": {"labels": {"a": str(cluster.version)}}})


async def until(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not happened():  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.005)


class Running:
    """An operator that kopf runs."""

    def __init__(self, server: LiveApiServer, settings: Settings) -> None:
        self.server = server
        self.memo = kopf.Memo(settings=settings)
        self._stop, self._ready = asyncio.Event(), asyncio.Event()
        self._settings = settings
        self.task: asyncio.Task[None]

    async def begin(self) -> None:
        self.task = asyncio.create_task(
            kopf.operator(
                registry=kopf.get_default_registry(),
                standalone=True,
                clusterwide=not self._settings.namespaces,
                namespaces=self._settings.namespaces,
                memo=self.memo,
                stop_flag=self._stop,
                ready_flag=self._ready,
            )
        )
        await self._ready.wait()

    async def end(self) -> None:
        self._stop.set()
        await self.task

    @property
    def known(self) -> set[str]:
        process_: process.Process = self.memo.process
        return {name for _, name in process_.controller._cache.formations}  # noqa: SLF001

    async def until_watching(self, number: int = len(watched.WATCHED)) -> None:
        await until(lambda: self.server.watches.total() == number)


@contextlib.asynccontextmanager
async def started(
    cluster: FakeCluster, folder: pathlib.Path, settings: Settings = QUICK
) -> AsyncIterator[Running]:
    async with LiveApiServer(cluster).running() as server:
        assert isinstance(server, LiveApiServer)
        kubeconfig = {
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "here"}}],
            "clusters": [{"name": "here", "cluster": {"server": server.url}}],
            "users": [{"name": "here", "user": {"token": "a"}}],
        }
        (folder / "kubeconfig").write_text(json.dumps(kubeconfig))
        running = Running(server, settings)
        await running.begin()
        try:
            yield running
        finally:
            await running.end()


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """Take the pauses away."""
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "kubeconfig"))
    monkeypatch.setenv("LOGNAME", "a")
    monkeypatch.setattr(informers, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(informers, "QUIET_SECONDS", 0.05)


async def test_what_is_there_and_what_happens_next_is_known(tmp_path: pathlib.Path) -> None:
    cluster = a_cluster(*"abc")
    async with started(cluster, tmp_path) as here:
        assert here.known == {"a", "b", "c"}
        await here.until_watching()
        cluster.remove(naming.KIND, "default", "c")
        put(cluster, "d")
        await here.server.publish()
        await until(lambda: here.known == {"a", "b", "d"})
