"""Lists fit into memory, however large their objects are."""

import asyncio
import contextlib
import tracemalloc
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formation_operator.api import naming
from formation_operator.kube import api_server, errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Cluster, Object
from formation_operator.kube.session import paging
from tests.shared import builders
from tests.shared.builders import a_formation
from tests.unit import inputs
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.live_api_server import LiveApiServer
from tests.unit.fakes.loopback import answering, never_whole
from tests.unit.kube.calls import PLACE, asking, names

PAGE = 2**17
"""Bytes of a page here: a smaller one is read faster."""
LARGE = PAGE // 2
MOST = 6 * 2**20
"""Bytes that a list may need here; all objects together need three times that."""


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_BYTES", PAGE)


def serving(kind: str, objects: list[Object]) -> LiveApiServer:
    """Return a server of some objects."""
    cluster = FakeCluster()
    for each in objects:
        cluster.put(kind, each)
    return LiveApiServer(cluster)


def formations(number: int, size: int = 0) -> list[Object]:
    """Return Formations whose variables have some size, in bytes."""
    variables = [{"name": f"N{each:05}", "value": ""} for each in range(size // 32)]
    names = [f"f{each:05}" for each in range(number)]
    return [builders.stored(a_formation(name, env=variables), uid=name) for name in names]


@contextlib.asynccontextmanager
async def connected(server: LiveApiServer) -> AsyncIterator[Cluster]:
    async with server.running(), asking(server.url, timeout=30) as cluster:
        yield cluster


@contextlib.contextmanager
def peak() -> Iterator[list[int]]:
    """Measure the memory at the highest, in bytes, over what it was before."""
    measured: list[int] = []
    tracemalloc.start()
    try:
        yield measured
        measured.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


async def test_a_list_of_large_objects_is_never_in_memory_as_a_whole() -> None:
    server = serving(naming.KIND, formations(20, LARGE))
    async with connected(server) as cluster:
        with peak() as measured:
            assert len(await names(cluster)) == 20
    assert measured[0] < MOST


async def test_of_an_answer_that_goes_on_and_on_no_more_is_read_than_an_object_may_have() -> None:
    asked = 0

    async def go_on(request: web.Request) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(b" " * 2**16)
        return response

    async with answering(go_on) as url, asking(url, timeout=30) as cluster:
        with peak() as measured:
            for request in (cluster.get(*PLACE), cluster.patch(*PLACE, []), names(cluster)):
                with pytest.raises(errors.UnavailableError, match="more than"):
                    await request
    assert measured[0] < 3 * paging.MOST_OF_ONE
    assert asked < 10, "a list of one object that is too large is tried no more"


async def test_who_has_seen_enough_of_a_list_leaves_no_request_behind() -> None:
    async with connected(serving(naming.KIND, formations(1000))) as cluster:
        pages = cluster.pages(kinds.BY_NAME[naming.KIND])
        await anext(pages)
        assert len(requests()) == 1
        await pages.aclose()  # type: ignore[attr-defined]  # as the loop does with one that nobody holds
        assert requests() == []


async def test_a_connection_over_which_a_page_never_comes_whole_is_closed_at_once() -> None:
    """Else it would stay open until somebody searches for what only refers to each other any more."""
    async with never_whole() as (url, closed), asking(url, timeout=0.2) as cluster:
        with pytest.raises(errors.UnavailableError) as failed:
            await anext(aiter(cluster.pages(kinds.BY_NAME[naming.KIND])))
        await asyncio.wait_for(closed.wait(), 60)
        assert failed.tb, "who looks into the failure still holds all that was under way"


def requests() -> list[str]:
    """Return the requests of ours that are under way in tasks of their own."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith(api_server.Kube.__name__)]


async def test_large_objects_of_one_namespace_make_the_pages_of_another_no_smaller() -> None:
    events = [
        {"metadata": {"name": f"e{each}", "namespace": namespace}, "note": "x" * LARGE}
        for each in range(9)
        for namespace in ("theirs", "ours")
    ]
    server = serving(kinds.EVENT, events)
    async with connected(server) as cluster:
        for namespace in ("theirs", "ours"):
            assert sum([len(items) async for items in cluster.select("Event", namespace)]) == 9
    asked = [int(each["limit"]) for each in server.asked]
    assert min(asked) < asked[0]
    assert asked.count(asked[0]) == 2, "the second namespace begins with as many as the first"


@settings(inputs.tried(20), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([0, 1000, LARGE, PAGE]), max_size=60))
async def test_each_object_comes_once_whatever_the_sizes(sizes: list[int]) -> None:
    objects = [{"metadata": {"name": f"{each:02}"}, "x": "x" * size} for each, size in enumerate(sizes)]
    async with connected(serving(naming.KIND, objects)) as cluster:
        assert await names(cluster) == [f"{each:02}" for each in range(len(sizes))]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, paging.MOST), st.integers(1, 2**27))
def test_the_next_page_is_neither_empty_nor_much_larger(limit: int, size: int) -> None:
    following = paging.following(limit, size)
    assert 1 <= following <= min(paging.MOST, paging.STEP * limit)
    assert following == 1 or following * size / limit <= paging.MOST_BYTES / 2
