"""kopf lists nothing: its watches begin where our own lists end, and nothing between is lost."""

import asyncio
import collections
import contextlib
import datetime
import itertools
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import kopf
import pytest
from aiohttp import web
from kubernetes.aio import client

from formation_operator.api import naming
from formation_operator.controller import lister, watchdog, watches
from formation_operator.controller.intake import Controller
from formation_operator.kube import api_server, errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.session import connection, paging
from formation_operator.kube.watches import lists, streams
from formation_operator.kube.watches.lines import Line
from formation_operator.settings import Settings
from tests import builders
from tests.builders import a_formation
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.live_api_server import LiveApiServer

QUICK = Settings(start_retry=0.001)
ONCE = collections.Counter(kind.plural for kind in kinds.WATCHED)
"""Each kind is listed once, and of all namespaces."""


class Witness:
    """A controller that notes what the watches tell it."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self.scopes = controller.scopes
        self.since = controller.since
        self.run = controller.run
        self.heard = controller.heard
        self.told: list[tuple[str, bool]] = []
        """Names, and whether that was deleted."""

    def hear(self, kind: str, line: Line) -> None:
        self.told.append((line.key[1], line.deleted))
        self._controller.hear(kind, line)

    async def compare(self) -> None:
        """List all that is watched once more."""
        await self._controller._lister.resync()  # noqa: SLF001

    @property
    def newest(self) -> int:
        return self._controller._cache.stores[naming.KIND].newest  # noqa: SLF001

    @property
    def left_out(self) -> set[str]:
        return self._controller._lister.left_out  # noqa: SLF001

    @property
    def known(self) -> set[str]:
        return {name for _, name in self._controller._cache.formations}  # noqa: SLF001


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
    async with asyncio.timeout(60):
        while not happened():  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.005)


class Running:
    """The operator's watches of a cluster."""

    def __init__(self, server: LiveApiServer, witness: Witness, connected: connection.Connection) -> None:
        self.server = server
        self.connected = connected
        self.witness = witness
        self._stop = asyncio.Event()
        self.task: asyncio.Task[None]

    def begin(self) -> None:
        """Have kopf watch."""
        registry = kopf.OperatorRegistry()
        witness: Any = self.witness  # all that is asked of a controller
        watches.register(registry, witness, self.connected)
        settings = watchdog.kopf_settings()
        namespaces = [each for each in self.witness.scopes if each]
        self.task = asyncio.create_task(
            kopf.operator(
                registry=registry,
                settings=settings,
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

    async def ended_by(self) -> Exception:
        """Run what works until it ends, and return why it did."""
        async with asyncio.timeout(60):
            with pytest.raises(ExceptionGroup) as raised:
                await self.witness.run()
        (error,) = raised.value.exceptions
        return error

    async def until_watching(self, number: int = len(kinds.WATCHED)) -> None:
        await until(lambda: self.server.watches.total() == number)


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the pauses away."""
    monkeypatch.setattr(watchdog, "RETRY", 0.01)
    monkeypatch.setattr(streams, "FIRST", 0.0)
    monkeypatch.setattr(streams, "MOST", 0.01)
    monkeypatch.setattr(lists, "FIRST", 0.01)
    monkeypatch.setattr(lists, "MOST", 0.01)


@contextlib.asynccontextmanager
async def started(cluster: FakeCluster, settings: Settings = QUICK) -> AsyncIterator[Running]:
    """Run an operator that has listed everything; that it watches, a test begins."""
    async with LiveApiServer(cluster).running() as server:
        assert isinstance(server, LiveApiServer)
        configuration = client.Configuration(host=server.url)
        connected = connection.Connection(configuration)
        kube = api_server.Kube(connected, timeout=30)
        controller = Controller(kube, settings, lambda: datetime.datetime.now(datetime.UTC))
        await controller.start()
        running = Running(server, Witness(controller), connected)
        try:
            yield running
        finally:
            await running.end()
            await kube.close()


async def test_what_was_listed_is_neither_listed_again_nor_told_and_what_happens_next_is_told_once() -> None:
    cluster = a_cluster(*"abc")
    async with started(cluster) as here:
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


async def test_a_watch_that_is_too_old_begins_anew_with_one_list_that_finds_what_was_deleted() -> None:
    cluster = a_cluster(*"abc")
    async with started(cluster) as here:
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


async def test_a_list_that_is_old_is_made_anew_before_a_watch_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lister, "WATCHABLE_SECONDS", 0.0)
    async with started(a_cluster("a")) as here:
        here.begin()
        await here.until_watching()
        assert here.server.lists == ONCE + collections.Counter(kind.plural for kind in kinds.WATCHED)
        assert here.witness.told == []


async def test_each_of_several_namespaces_is_watched_from_its_own_list() -> None:
    cluster = a_cluster("a", namespace="left")
    for name in ("b", "c"):
        put(cluster, name, "right")
    put(cluster, "d", "elsewhere")
    async with started(cluster, Settings(namespaces=("left", "right"))) as here:
        label(cluster, "a", "left")
        here.begin()
        await here.until_watching(2 * len(kinds.WATCHED))
        cluster.remove(naming.KIND, "right", "c")
        cluster.remove(naming.KIND, "left", "a")
        await here.server.publish()
        await until(lambda: here.witness.known == {"b"})
        assert sorted(here.witness.told) == [("a", False), ("a", True), ("c", True)]
        assert here.server.lists == {f"{each}/{plural}": 1 for each in ("left", "right") for plural in ONCE}


async def test_a_namespace_that_refuses_costs_no_other_its_watches_and_is_taken_up_again() -> None:
    cluster = a_cluster("l", namespace="left")
    put(cluster, "r", "right")
    async with started(cluster, Settings(namespaces=("left", "right"))) as here:
        here.begin()
        await here.until_watching(2 * len(kinds.WATCHED))
        here.server.refusals = {f"left/{kind.plural}": 403 for kind in kinds.WATCHED}
        put(cluster, "missed", "left")
        await here.server.expire(naming.KIND)
        first = f"left/{kinds.BY_NAME[kinds.HPA].plural}"  # no other is listed as long as this one is refused
        lists = here.server.lists[first]
        await until(lambda: here.server.lists[first] > lists + 3)
        assert not watchdog.unwatched(["left", "right"]), "so it stays ready, and alive"
        put(cluster, "r2", "right")
        await here.server.publish()
        await until(lambda: here.witness.known == {"l", "r", "r2"})
        here.server.refusals.clear()
        await until(lambda: here.witness.known == {"l", "missed", "r", "r2"})


async def test_a_watch_that_is_refused_shows_at_once_that_its_namespace_is_and_when_it_is_no_more() -> None:
    async with started(a_cluster(), Settings(namespaces=("left", "right"))) as here:
        here.server.refusals = {f"left/{kind.plural}": 403 for kind in kinds.WATCHED}
        here.server.troubles[naming.PLURAL] = [status(403)] * 2
        here.begin()
        await until(lambda: here.witness.left_out == {"left"})
        here.server.refusals.clear()
        await until(lambda: not here.witness.left_out)
        await here.until_watching(2 * len(kinds.WATCHED))


async def test_a_watch_that_is_refused_just_after_a_comparison_shows_it_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "SILENCE", 0.3)
    async with started(a_cluster(), Settings(namespaces=("left",))) as here:
        here.begin()
        await here.until_watching()
        await here.witness.compare()
        here.server.refusals = {f"left/{kind.plural}": 403 for kind in kinds.WATCHED}
        for kind in kinds.WATCHED:
            here.server.troubles[kind.plural] = [status(403)] * 1000
        await until(lambda: here.witness.left_out == {"left"})


async def test_a_namespace_that_refuses_watches_alone_is_listed_twice_for_it() -> None:
    async with started(a_cluster(), Settings(namespaces=("left",))) as here:
        here.server.troubles[naming.PLURAL] = [status(403)] * 9
        here.begin()
        await here.until_watching(len(kinds.WATCHED))
        assert here.server.lists[f"left/{naming.PLURAL}"] == 1 + streams.FRESH


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_a_list_that_fails_is_tried_again_and_is_never_taken_for_an_empty_one(status: int) -> None:
    cluster = a_cluster(*"ab")
    async with started(cluster) as here:
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


async def test_a_cluster_that_turns_out_to_be_restored_ends_the_operator() -> None:
    cluster = a_cluster(*"ab")
    async with started(cluster) as here:
        here.begin()
        await here.until_watching()
        label(cluster, "a")
        await here.server.expire(naming.KIND)
        cluster.version -= 50
        assert isinstance(await here.ended_by(), errors.RestoredError)


async def test_a_cluster_that_was_restored_is_noticed_before_anything_happens_in_it() -> None:
    """Once the cluster has come as far again, a watch tells of nothing that is older than where it was."""
    cluster = a_cluster(*"ab")
    async with started(cluster) as here:
        here.begin()
        await here.until_watching()
        label(cluster, "a")
        await here.server.publish()
        await until(lambda: here.witness.newest == cluster.version)
        here.server.troubles[naming.PLURAL] = [status(503)]
        await here.server.cut(naming.KIND)
        cluster.version -= 1
        assert isinstance(await here.ended_by(), errors.RestoredError)


Trouble = Callable[[web.Request], Awaitable[web.StreamResponse]]
EVENT = {"type": "MODIFIED", "object": {"metadata": {"name": "a", "namespace": "default"}}}


def status(number: int, **headers: str) -> Trouble:
    """Answer with an HTTP status."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=number, text="<html>no</html>", headers=headers)

    return answer


def stream(text: str, *, cut: bool = False) -> Trouble:
    """Begin to answer, say something, and end, or be cut off."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(text.encode())
        if cut:
            assert request.transport is not None
            request.transport.abort()
        return response

    return answer


async def hang(_: web.Request) -> web.StreamResponse:
    """Never answer."""
    return await asyncio.Future()


async def cut(request: web.Request) -> web.StreamResponse:
    """Cut the connection instead of an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def error(code: int, **said: Any) -> str:
    return json.dumps({"type": "ERROR", "object": {"kind": "Status", "code": code, **said}}) + "\n"


def told(name: object = "a", version: object = "9", **more: object) -> str:
    about = {"name": name, "namespace": "default", "resourceVersion": version, **more}
    return json.dumps({"type": "MODIFIED", "object": {"metadata": about}}) + "\n"


async def drip(request: web.Request) -> web.StreamResponse:
    """Send a line that goes on for ever, a drop at a time, with nothing but blank lines before it."""
    response = web.StreamResponse()
    await response.prepare(request)
    for drop in itertools.chain([b"\n"] * 10, itertools.repeat(b" ")):
        await response.write(drop)
        await asyncio.sleep(0.05)
    return response


async def flood(request: web.Request) -> web.StreamResponse:
    """Send a line that goes on for ever as fast as it can."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 2**16)


TROUBLES: dict[str, Trouble] = {
    "a drop at a time": drip,
    "a line without an end": flood,
    "an object without metadata": stream('{"type": "MODIFIED", "object": {"metadata": null}}\n'),
    "an object that is a list": stream('{"type": "MODIFIED", "object": []}\n'),
    "metadata that are a list": stream('{"type": "MODIFIED", "object": {"metadata": []}}\n'),
    "metadata that are a text": stream('{"type": "MODIFIED", "object": {"metadata": "a"}}\n'),
    "a type that is a list": stream('{"type": [], "object": {"metadata": {}}}\n'),
    "a name that is a mapping": stream(told(name={})),
    "no name": stream(told(name=None)),
    "a version without an end": stream(told(version=math.inf)),
    "a version that is no number": stream(told(version=math.nan)),
    "a version of too many digits": stream(told(version="9" * 5000)),
    "a version beyond 64 bits": stream(told(version="9" * 21)),
    "no version": stream(told(version="")),
    "what is nested too deep": stream("[" * 100_000 + "\n"),
    "blanks": stream(" \n" * 100),
    **{
        f"HTTP {number}": status(number) for number in (301, 400, 401, 403, 404, 409, 410, 422, 500, 503, 504)
    },
    "HTTP 429": status(429, **{"Retry-After": "0"}),
    "HTTP 503, with a date": status(503, **{"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}),
    "410 in the stream": stream(error(410)),
    "410 in the stream, and nothing after it": stream(error(410).rstrip()),
    "another error in the stream": stream(error(500, reason="InternalError")),
    "an error without a code": stream('{"type": "ERROR", "object": {}}\n'),
    "a line that was cut": stream(json.dumps(EVENT)[:40]),
    "a line that was cut, with the connection": stream(json.dumps(EVENT)[:40], cut=True),
    "a line that was cut, and others after it": stream(json.dumps(EVENT)[:40] + "\n" + json.dumps(EVENT)),
    "an event of no object": stream('{"type": "MODIFIED"}\n{"type": "MODIFIED", "object": {}}\n'),
    "an event that is no event": stream('null\n[]\n7\n"a"\n'),
    "an event that isn't known": stream('{"type": "NOVEL", "object": {"metadata": {}}}\n'),
    "a page of some proxy": stream("<html>wait a moment</html>\n"),
    "no text at all": stream("\x00\xff\n"),
    "nothing": stream(""),
    "a cut before the answer": cut,
    "no answer": hang,
    "silence": stream("", cut=False),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
async def test_whatever_comes_instead_of_a_watch_the_process_goes_on_and_nothing_is_lost(
    trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "SILENCE", 0.3)
    monkeypatch.setattr(paging, "MOST_OF_ONE", 2**20)
    cluster = a_cluster(*"abc")
    async with started(cluster) as here:
        here.server.troubles[naming.PLURAL] = [trouble] * 4
        here.begin()
        cluster.remove(naming.KIND, "default", "c")
        await until(lambda: not here.server.troubles[naming.PLURAL])
        await here.until_watching()
        label(cluster, "a")
        await here.server.publish()
        await until(lambda: here.witness.known == {"a", "b"} and ("a", False) in here.witness.told)
        assert not here.task.done()


@pytest.mark.parametrize("told", ["BOOKMARK", "MODIFIED"])
async def test_a_word_from_before_the_beginning_of_a_watch_has_all_listed_which_shows_a_restored_cluster(
    told: str,
) -> None:
    cluster = a_cluster(*"ab")
    async with started(cluster) as here:
        old = {"name": "a", "namespace": "default", "resourceVersion": str(cluster.version - 1)}
        said = json.dumps({"type": told, "object": {"metadata": old}}) + "\n"
        here.server.troubles[naming.PLURAL] = [stream(said)]
        cluster.version -= 1
        here.begin()
        assert type(await here.ended_by()) is errors.RestoredError


async def test_a_watch_that_falls_silent_is_begun_again_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SILENCE", 0.2)
    cluster = a_cluster("a")
    async with started(cluster) as here:
        here.begin()
        await here.until_watching()
        before = here.server.watched.total()
        await until(lambda: here.server.watched.total() >= before + 2 * len(kinds.WATCHED))
        assert here.server.lists == ONCE, "nobody lists because nothing happens"


async def test_a_watch_that_goes_on_failing_is_asked_for_ever_more_seldom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "FIRST", 0.3)
    monkeypatch.setattr(streams, "MOST", 10.0)
    async with started(a_cluster("a")) as here:
        here.server.troubles[naming.PLURAL] = [stream("")] * 100
        here.begin()
        await until(lambda: here.server.watched[naming.PLURAL] >= 1)
        began = asyncio.get_running_loop().time()
        await until(lambda: here.server.watched[naming.PLURAL] >= 4)
        assert asyncio.get_running_loop().time() - began > 0.3 * (1 + 2 + 4)
