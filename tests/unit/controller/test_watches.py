"""kopf lists nothing: its watches begin where our own lists end, and nothing between is lost."""

import asyncio
import collections
import contextlib
import datetime
import json
import logging
import pathlib
from collections.abc import AsyncIterator, Callable

import kopf
import pytest
from kubernetes.aio import client
from kubernetes.config import kube_config

from formation_operator.api import naming
from formation_operator.controller import lister, watchdog, watches
from formation_operator.controller.intake import Controller
from formation_operator.kube import api_server, connection, errors, kinds
from formation_operator.kube.port import Object
from formation_operator.settings import Settings
from tests import builders
from tests.builders import a_formation
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.live_api_server import LiveApiServer

QUICK = Settings(start_retry=0.001)
ONCE = collections.Counter(kind.plural for kind in (*kinds.POLLED, *kinds.WATCHED))
"""Each kind is listed once, and of all namespaces."""


class Witness:
    """A controller that notes what the watches tell it."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self.scopes = controller.scopes
        self.since = controller.since
        self.run = controller.run
        self.told: list[tuple[str, bool]] = []
        """Names, and whether that was deleted."""

    def see(self, kind: str, raw: Object, *, deleted: bool) -> None:
        self.told.append((raw["metadata"]["name"], deleted))
        self._controller.see(kind, raw, deleted=deleted)

    @property
    def known(self) -> set[str]:
        return {name for _, name in self._controller._cache.formations}  # noqa: SLF001


@pytest.fixture
def kubeconfig(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], object]:
    """Return what has the client log in at an address."""
    # The client reads $KUBECONFIG when it is imported.
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "config"))
    return lambda url: (tmp_path / "config").write_text(points_to(url))


def points_to(url: str) -> str:
    return json.dumps(
        {
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "us"}}],
            "clusters": [{"name": "here", "cluster": {"server": url}}],
            "users": [{"name": "us", "user": {"token": "a-token"}}],
        }
    )


def a_cluster(*names: str, namespace: str = "default") -> FakeCluster:
    cluster = FakeCluster()
    for name in names:
        put(cluster, name, namespace)
    return cluster


def put(cluster: FakeCluster, name: str, namespace: str = "default") -> None:
    version = str(cluster.version + 1)
    formation = a_formation(name)
    cluster.put(
        naming.KIND, builders.stored(formation, uid=name, namespace=namespace, resourceVersion=version)
    )


def label(cluster: FakeCluster, name: str, namespace: str = "default") -> None:
    cluster.merge(naming.KIND, namespace, name, {"metadata": {"labels": {"a": str(cluster.version)}}})


async def until(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not happened():  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.005)


class Running:
    """The operator's watches of a cluster."""

    def __init__(self, server: LiveApiServer, witness: Witness) -> None:
        self.server = server
        self.witness = witness
        self.memories = watchdog.NoMemories()
        self._stop = asyncio.Event()
        self.task: asyncio.Task[None]

    def begin(self) -> None:
        """Have kopf watch."""
        registry = kopf.OperatorRegistry()
        watches.register(registry, self.witness)  # type: ignore[arg-type]  # all that is asked of it
        settings = watchdog.kopf_settings()
        settings.networking.error_backoffs = [0.01] * 3
        namespaces = [each for each in self.witness.scopes if each]
        self.task = asyncio.create_task(
            kopf.operator(
                registry=registry,
                settings=settings,
                memories=self.memories,
                standalone=True,
                identity=watchdog.IDENTITY,
                clusterwide=not namespaces,
                namespaces=namespaces,
                stop_flag=self._stop,
            )
        )

    async def end(self) -> None:
        self._stop.set()
        await asyncio.gather(self.task, return_exceptions=True)

    async def until_watching(self, number: int = len(kinds.WATCHED)) -> None:
        await until(lambda: self.server.watches.total() == number)


@contextlib.asynccontextmanager
async def started(
    cluster: FakeCluster, kubeconfig: Callable[[str], object], settings: Settings = QUICK
) -> AsyncIterator[Running]:
    """Run an operator that has listed everything; that it watches, a test begins."""
    async with LiveApiServer(cluster).running() as server:
        assert isinstance(server, LiveApiServer)
        kubeconfig(server.url)
        configuration = client.Configuration(host=server.url)
        kube = api_server.Kube(connection.client_of(configuration), timeout=30)
        controller = Controller(kube, settings, lambda: datetime.datetime.now(datetime.UTC))
        await controller.start()
        running = Running(server, Witness(controller))
        try:
            yield running
        finally:
            await running.end()
            await kube.close()


Connect = Callable[[str], object]


async def test_what_was_listed_is_neither_listed_again_nor_told_and_what_happens_next_is_told_once(
    kubeconfig: Connect,
) -> None:
    cluster = a_cluster(*"abc")
    async with started(cluster, kubeconfig) as here:
        label(cluster, "b")
        cluster.remove(naming.KIND, "default", "c")
        here.begin()
        await here.until_watching()
        await until(lambda: here.witness.known == {"a", "b"})
        put(cluster, "d")
        await here.server.publish()
        await until(lambda: "d" in here.witness.known)
        assert here.witness.told == [("b", False), ("c", True), ("d", False)]
        assert here.server.lists == ONCE
    assert not list(here.memories.iter_all_memories())


async def test_a_watch_that_is_too_old_begins_anew_with_one_list_that_finds_what_was_deleted(
    kubeconfig: Connect,
) -> None:
    cluster = a_cluster(*"abc")
    async with started(cluster, kubeconfig) as here:
        here.begin()
        await here.until_watching()
        cluster.remove(naming.KIND, "default", "c")
        await here.server.expire(naming.KIND)
        await until(lambda: here.witness.known == {"a", "b"})
        await here.until_watching()
        label(cluster, "a")
        await here.server.publish()
        await until(lambda: here.witness.told)
        assert here.witness.told == [("a", False)]
        assert here.server.lists == ONCE + collections.Counter([naming.PLURAL])


async def test_a_list_that_is_old_is_made_anew_before_a_watch_begins(
    kubeconfig: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lister, "FRESH", 0.0)
    async with started(a_cluster("a"), kubeconfig) as here:
        here.begin()
        await here.until_watching()
        assert here.server.lists == ONCE + collections.Counter(kind.plural for kind in kinds.WATCHED)
        assert here.witness.told == []


async def test_each_of_several_namespaces_is_watched_from_its_own_list(kubeconfig: Connect) -> None:
    cluster = a_cluster("a", namespace="left")
    for name in ("b", "c"):
        put(cluster, name, "right")
    put(cluster, "d", "elsewhere")
    async with started(cluster, kubeconfig, Settings(namespaces=("left", "right"))) as here:
        label(cluster, "a", "left")
        here.begin()
        await here.until_watching(2 * len(kinds.WATCHED))
        cluster.remove(naming.KIND, "right", "c")
        cluster.remove(naming.KIND, "left", "a")
        await here.server.publish()
        await until(lambda: here.witness.known == {"b"})
        assert sorted(here.witness.told) == [("a", False), ("a", True), ("c", True)]
        assert here.server.lists == {f"{each}/{plural}": 1 for each in ("left", "right") for plural in ONCE}


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_a_list_that_fails_is_tried_again_and_is_never_taken_for_an_empty_one(
    kubeconfig: Connect, status: int
) -> None:
    cluster = a_cluster(*"ab")
    async with started(cluster, kubeconfig) as here:
        here.begin()
        await here.until_watching()
        here.server.refusals[naming.PLURAL] = status
        cluster.remove(naming.KIND, "default", "b")
        await here.server.expire(naming.KIND)
        await until(lambda: here.server.lists[naming.PLURAL] > 10)
        assert here.server.watches[naming.PLURAL] == 0
        assert here.witness.known == {"a", "b"}
        assert not here.task.done()
        here.server.refusals.clear()
        await here.until_watching()
        assert here.witness.known == {"a"}


async def test_a_cluster_that_turns_out_to_be_restored_ends_the_operator(kubeconfig: Connect) -> None:
    cluster = a_cluster(*"ab")
    async with started(cluster, kubeconfig) as here:
        here.begin()
        await here.until_watching()
        label(cluster, "a")
        await here.server.expire(naming.KIND)
        cluster.version -= 50
        async with asyncio.timeout(10):
            with pytest.raises(ExceptionGroup) as raised:
                await here.witness.run()
        (error,) = raised.value.exceptions
        assert isinstance(error, errors.RestoredError)


async def test_credentials_that_were_refused_once_may_be_tried_again(
    kubeconfig: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubeconfig("https://127.0.0.1:1")
    monkeypatch.setattr(watches, "LOGIN_PAUSE", 0.0)
    now = datetime.datetime.now
    login = watches.login(Controller(FakeCluster(), QUICK, lambda: now(datetime.UTC)))
    given = {"logger": logging.getLogger(), "settings": watchdog.kopf_settings()}
    first, second = await login(**given), await login(**given)
    assert first is not None
    assert second is not None
    sessions = [first.aiohttp_session, second.aiohttp_session]
    assert [each.headers["Authorization"] for each in sessions] == ["Bearer a-token"] * 2
    assert first != second, "kopf takes none that equals one that was refused"
    for each in sessions:
        await each.close()
