"""kopf runs the operator: what it brings is acted on, whatever comes instead of it."""

import asyncio
import contextlib
import dataclasses
import json
import os
import pathlib
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any, cast
from unittest import mock

import kopf
import pytest
from aiohttp import web
from kubernetes.aio.config import kube_config

import formation_operator
from formation_operator import handlers, process
from formation_operator.api import naming
from formation_operator.controller import informers
from formation_operator.kube import reflector
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Object
from formation_operator.kube.session import kopf_session, watch_lines
from formation_operator.observe import watched
from formation_operator.settings import Settings
from tests.shared import builders
from tests.shared.builders import a_formation
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.live_api_server import GONE, LiveApiServer, Trouble
from tests.unit.kube.session import clients
from tests.unit.kube.session.clients import status, stream

QUICK = Settings(start_retry=0.01, liveness=None)
RESYNCED = dataclasses.replace(QUICK, resync=0.3)
"""With a list of all now and then: kopf's report no deletions."""
LEASE = ("formation-system", "formation-operator")
STATUSES = [403, 404, 410, 429, 500, 503]


def a_cluster(*names: str, namespace: str = "default") -> FakeCluster:
    cluster = FakeCluster()
    for name in names:
        put(cluster, name, namespace)
    return cluster


def put(cluster: FakeCluster, name: str, namespace: str = "default", **metadata: Any) -> None:
    version = str(cluster.version + 1)
    about: dict[str, Any] = {"uid": name, "namespace": namespace, "resourceVersion": version, **metadata}
    cluster.put(naming.KIND, builders.stored(a_formation(name), **about))


def label(cluster: FakeCluster, name: str, namespace: str = "default") -> None:
    cluster.merge(naming.KIND, namespace, name, {"metadata": {"labels": {"a": str(cluster.version)}}})


AT_FIRST = len(watched.WATCHED)
"""How many watches there are before any Formation needs another."""


async def until(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not happened():  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.005)


class Running:
    """An operator that kopf runs."""

    def __init__(self, server: LiveApiServer, settings: Settings) -> None:
        self.server = server
        self.memo = kopf.Memo(settings=settings)
        self.memories = handlers.NoMemories()
        self._stop, self._ready = asyncio.Event(), asyncio.Event()
        self._settings = settings
        self.task: asyncio.Task[None]

    def begin(self) -> None:
        self.task = asyncio.create_task(
            kopf.operator(
                registry=kopf.get_default_registry(),
                standalone=True,
                clusterwide=not self._settings.namespaces,
                namespaces=self._settings.namespaces,
                memories=self.memories,
                memo=self.memo,
                stop_flag=self._stop,
                ready_flag=self._ready,
            )
        )

    async def until_ready(self) -> None:
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait([ready, self.task], return_when=asyncio.FIRST_COMPLETED)
        assert ready.done(), "it has ended"

    async def end(self) -> None:
        self._stop.set()
        async with asyncio.timeout(60):
            await self.task

    @property
    def formations(self) -> dict[tuple[str, str], Object]:
        here: process.Process = self.memo.process
        return here.controller._cache.formations  # noqa: SLF001

    @property
    def known(self) -> set[str]:
        return {name for _, name in self.formations}

    def is_current(self, name: str, namespace: str = "default") -> bool:
        """Tell whether a Formation is known as it is."""
        known = self.formations.get((namespace, name))
        live = self.server.cluster.read(naming.KIND, namespace, name)["metadata"]["resourceVersion"]
        return known is not None and known["metadata"]["resourceVersion"] == live

    async def until_watching(self, number: int = AT_FIRST) -> None:
        await until(lambda: self.server.watches.total() == number)

    async def until_all_goes_on(self) -> None:
        """Wait until all is watched, and see a change of each Formation arrive."""
        await until(lambda: self.server.watches[naming.PLURAL])
        for namespace, name in [*self.formations]:
            label(self.server.cluster, name, namespace)
        await self.server.publish()
        await until(lambda: all(self.is_current(name, namespace) for namespace, name in self.formations))
        assert not self.task.done()


@contextlib.asynccontextmanager
async def serving(cluster: FakeCluster, folder: pathlib.Path) -> AsyncIterator[LiveApiServer]:
    """Serve a cluster, and write a kubeconfig for it."""
    async with LiveApiServer(cluster).running() as server:
        assert isinstance(server, LiveApiServer)
        clients.write(folder / "kubeconfig", {"server": server.url}, {"token": "a"})
        yield server


@contextlib.asynccontextmanager
async def started(
    cluster: FakeCluster,
    folder: pathlib.Path,
    settings: Settings = QUICK,
    before: Callable[[LiveApiServer], object] = lambda _: None,
) -> AsyncIterator[Running]:
    """Run the operator on a cluster, of whose server something is otherwise before that."""
    async with serving(cluster, folder) as server:
        before(server)
        running = Running(server, settings)
        running.begin()
        try:
            await running.until_ready()
            yield running
        finally:
            await running.end()


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """Take the pauses away."""
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "kubeconfig"))
    monkeypatch.setenv("LOGNAME", "a")
    monkeypatch.setattr(handlers, "AGAIN", 0.01)
    monkeypatch.setattr(handlers, "LAST_SECONDS", None)  # the process is that of all tests
    monkeypatch.setattr(handlers, "BACKOFFS", [0.01] * 10_000)
    monkeypatch.setattr(kopf_session, "APART", 0.01)
    for each in (informers, reflector):
        monkeypatch.setattr(each, "BACK_OFF", (0.01, 0.02))


# What kopf brings


async def test_what_is_there_and_what_happens_next_is_known(tmp_path: pathlib.Path) -> None:
    cluster = a_cluster(*"abc")
    async with started(cluster, tmp_path) as here:
        assert here.known == {"a", "b", "c"}
        await here.until_watching()
        cluster.remove(naming.KIND, "default", "c")
        put(cluster, "d")
        await here.server.publish()
        await until(lambda: here.known == {"a", "b", "d"})
        assert not [*here.memories.iter_all_memories()], "kopf itself keeps nothing"


async def test_a_deletion_that_no_watch_brings_is_found_by_the_next_resync(tmp_path: pathlib.Path) -> None:
    cluster = a_cluster("a")
    async with started(cluster, tmp_path, RESYNCED) as here:
        await here.until_watching()
        cluster.remove(naming.KIND, "default", "a")
        await here.server.expire(naming.KIND)
        await until(lambda: not here.known)


async def test_several_namespaces_are_watched_each_by_itself(tmp_path: pathlib.Path) -> None:
    cluster = a_cluster("a", namespace="left")
    put(cluster, "b", "right")
    put(cluster, "c", "elsewhere")
    async with started(cluster, tmp_path, Settings(("left", "right"), liveness=None)) as here:
        await here.until_watching(2 * AT_FIRST)
        put(cluster, "d", "right")
        cluster.remove(naming.KIND, "left", "a")
        label(cluster, "c", "elsewhere")
        await here.server.publish()
        await until(lambda: here.known == {"b", "d"})


async def test_kopfs_watch_ends_at_another_moment_than_those_of_other_processes(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "randint", lambda least, most: (least + most) // 2)
    async with started(a_cluster("a"), tmp_path) as here:
        await here.until_watching()
        assert here.server.watch_seconds[naming.PLURAL] == 450


async def test_kopf_writes_nothing(tmp_path: pathlib.Path) -> None:
    cluster = a_cluster("a")
    async with started(cluster, tmp_path) as here:
        await here.until_watching()
        put(cluster, "b")
        await here.server.publish()
        await until(
            lambda: {raw["metadata"]["name"] for raw in cluster.all("Deployment")} == {"a-worker", "b-worker"}
        )
        await until(lambda: all(raw.get("status") for raw in cluster.all(naming.KIND)))
        cluster.remove(naming.KIND, "default", "b")
        await here.server.publish()
        await until(lambda: here.known == {"a"})
    (left,) = cluster.all(naming.KIND)
    assert not left["metadata"].keys() & {"finalizers", "annotations"}
    assert {by for method, _, by in here.server.written if method != "POST"} == {naming.FIELD_MANAGER}
    assert {path.rpartition("/")[2] for method, path, _ in here.server.written if method == "POST"} <= {
        "events"
    }
    ours = {(method, path) for method, path, _ in here.server.written if naming.PLURAL in path}
    assert ours == {
        ("PATCH", f"/apis/formations.dev/v1/namespaces/default/formations/{name}/status") for name in "ab"
    }


# What comes instead


async def hang(_: web.Request) -> web.StreamResponse:
    """Never answer."""
    return await asyncio.Future()


async def fall_silent(request: web.Request) -> web.StreamResponse:
    """Begin to answer, and say nothing."""
    response = web.StreamResponse()
    await response.prepare(request)
    return await asyncio.Future()


async def cut(request: web.Request) -> web.StreamResponse:
    """Cut the connection instead of an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def error(**said: object) -> bytes:
    """Return an error as the API server writes one."""
    known = {"kind": "Status", "apiVersion": "v1", "metadata": {}, **said}
    return json.dumps({"type": "ERROR", "object": known}, separators=(",", ":")).encode() + b"\n"


PART = b'{"type":"MODIFIED","object":{"metadata":{"name":"a"'
TROUBLES: dict[str, Trouble] = {
    **{f"HTTP {number}": status(number) for number in STATUSES},
    "HTTP 429, with a time": status(429, **{"Retry-After": "0"}),
    "410 in the stream": stream(json.dumps(GONE, separators=(",", ":")).encode() + b"\n"),
    "another error in the stream": stream(error(code=500, reason="InternalError")),
    "an error without a code": stream(error()),
    "a line that is cut off": stream(PART),
    "a line that is cut off, with the connection": stream(PART, cut=True),
    "blank lines": stream(b"\n" * 100),
    "a page of a load balancer": stream(b"<html>\n"),
    "nothing": stream(b""),
    "silence": fall_silent,
    "a cut before the answer": cut,
    "no answer": hang,
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have silence last a moment."""
    monkeypatch.setattr(watch_lines, "SILENCE", 0.3)
    monkeypatch.setattr(kopf_session, "ANSWER_SECONDS", 0.3)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
async def test_whatever_comes_instead_of_a_watch_nothing_is_forgotten_and_all_goes_on(
    trouble: Trouble, tmp_path: pathlib.Path
) -> None:
    cluster = a_cluster(*"abc")

    def be_in_trouble(server: LiveApiServer) -> None:
        server.watch_troubles = [trouble] * 3

    async with started(cluster, tmp_path, RESYNCED, be_in_trouble) as here:
        await until(lambda: not here.server.watch_troubles)
        assert here.known == {"a", "b", "c"}
        cluster.remove(naming.KIND, "default", "c")
        await here.server.publish()
        await until(lambda: here.known == {"a", "b"})
        await here.until_all_goes_on()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "trouble",
    [*map(status, STATUSES), status(200, "<html>"), cut, hang],
    ids=[*map(str, STATUSES), "a page of a load balancer", "cut", "no answer"],
)
async def test_whatever_comes_instead_of_a_list_nothing_is_forgotten_and_all_goes_on(
    trouble: Trouble, tmp_path: pathlib.Path
) -> None:
    cluster = a_cluster(*"abc")
    async with started(cluster, tmp_path, RESYNCED) as here:
        await here.until_watching()
        here.server.list_troubles = [trouble] * 3
        cluster.remove(naming.KIND, "default", "c")
        await here.server.expire(naming.KIND)
        await until(lambda: not here.server.list_troubles)
        assert here.known >= {"a", "b"}
        await until(lambda: here.known == {"a", "b"})
        await here.until_all_goes_on()


# The start


async def test_kopf_keeps_and_posts_nothing_and_has_no_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.Process, "start", mock.AsyncMock())
    settings, start = kopf.OperatorSettings(), cast("Any", handlers.start)
    await start(settings, kopf.Memo(settings=QUICK))
    stored = settings.persistence
    assert settings.peering.standalone
    assert not settings.posting.enabled
    assert stored.diffbase_storage.build(body=kopf.Body({"spec": {"image": "shop:v1"}})) == {}
    assert [vars(each)["storages"] for each in (stored.diffbase_storage, stored.progress_storage)] == [[], []]


async def test_a_start_waits_for_the_crd_and_says_how_to_install_it(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(a_cluster("a"), tmp_path) as server:
        server.absent.add(naming.PLURAL)
        here = Running(server, QUICK)
        here.begin()
        try:
            await until(lambda: "kubectl apply -k crds/" in caplog.text)
            server.absent.clear()
            await here.until_ready()
            await here.until_all_goes_on()
            assert here.known == {"a"}
        finally:
            await here.end()


async def test_a_kind_that_is_served_before_discovery_has_it_is_watched(tmp_path: pathlib.Path) -> None:
    def hide(server: LiveApiServer) -> None:
        server.undiscovered = 3

    async with started(a_cluster("a"), tmp_path, before=hide) as here:
        await here.until_all_goes_on()
        assert here.server.undiscovered == 0


# The end


async def test_a_process_that_is_asked_to_stop_releases_the_lease(tmp_path: pathlib.Path) -> None:
    cluster = a_cluster("a")
    metadata = {"namespace": LEASE[0], "name": LEASE[1]}
    cluster.put(
        kinds.LEASE, {"metadata": metadata, "spec": {"holderIdentity": "", "renewTime": builders.ago(-1)}}
    )

    def holder() -> object:
        return cluster.read(kinds.LEASE, *LEASE)["spec"].get("holderIdentity")

    async with started(cluster, tmp_path, Settings(lease=LEASE, liveness=None)):
        await until(holder)
        await until(lambda: cluster.all("Deployment"))
    assert not holder()


async def be_restored(server: LiveApiServer) -> None:
    """Begin anew with data of the past."""
    server.cluster.version += 1
    await server.expire(kinds.POD)
    server.cluster.version -= 50


# As a program

OPERATOR = ["-m", "formation_operator", "--liveness="]
KOPF = ["-m", "kopf", "run", "-m", "formation_operator.handlers", "--all-namespaces"]


@contextlib.asynccontextmanager
async def program(folder: pathlib.Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {
        **{name: value for name, value in os.environ.items() if name != "LOGNAME"},
        "PYTHONPATH": str(pathlib.Path(formation_operator.__file__).parents[1]),
        "KUBECONFIG": str(folder / "kubeconfig"),
    }
    running = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()


async def ends_well(running: asyncio.subprocess.Process) -> bool:
    """Ask a program to stop, and return whether it does, and says of nothing that it failed."""
    running.send_signal(signal.SIGTERM)
    _, said = await asyncio.wait_for(running.communicate(), 60)
    return running.returncode == 0 and b"Traceback" not in said


@pytest.mark.parametrize("arguments", [OPERATOR, KOPF], ids=["formation-operator", "kopf run"])
async def test_the_program_works_and_ends_well_when_it_is_asked_to_stop(
    arguments: list[str], tmp_path: pathlib.Path
) -> None:
    cluster = a_cluster("a")
    async with serving(cluster, tmp_path) as server, program(tmp_path, *arguments) as running:
        await until(lambda: server.watches.total() == AT_FIRST and cluster.all("Deployment"))
        put(cluster, "b")
        await server.publish()
        await until(lambda: len(cluster.all("Deployment")) == 2)
        assert await ends_well(running)


async def test_the_program_ends_with_an_error_and_its_cause_when_the_work_has_ended(
    tmp_path: pathlib.Path,
) -> None:
    cluster = a_cluster("a")
    async with serving(cluster, tmp_path) as server, program(tmp_path, *OPERATOR) as running:
        await until(lambda: server.watches.total() == AT_FIRST and cluster.all("Deployment"))
        await be_restored(server)
        _, said = await asyncio.wait_for(running.communicate(), 60)
    assert running.returncode == 1
    assert b"Stopping: " in said
    assert b"RestoredError" in said
    assert b"Traceback" not in said


CLOSES_NEVER = """
import asyncio, time, kopf
from formation_operator import __main__ as program

async def leave_a_thread(**_):
    asyncio.get_running_loop().run_in_executor(None, time.sleep, 3600)

kopf.operator = leave_a_thread
program.CLOSING_SECONDS = 0.1
program.main()
"""


async def test_the_program_ends_soon_after_all_work_and_says_what_its_loop_still_waits_for(
    tmp_path: pathlib.Path,
) -> None:
    async with program(tmp_path, "-c", CLOSES_NEVER) as running:
        _, said = await asyncio.wait_for(running.communicate(), 60)
    assert running.returncode == 1
    assert b"concurrent/futures/thread.py" in said


async def test_the_program_ends_with_one_line_that_says_that_there_are_no_credentials(
    tmp_path: pathlib.Path,
) -> None:
    async with program(tmp_path, *OPERATOR) as running:
        _, said = await asyncio.wait_for(running.communicate(), 60)
    assert running.returncode == 1
    assert said.decode().splitlines()[-1].startswith("the credentials for the cluster can't be read: ")
    assert b"Traceback" not in said
