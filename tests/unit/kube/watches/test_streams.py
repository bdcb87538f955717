"""What a watch tells is taken in, and its reader learns how far it has come, or that it is over."""

import asyncio
import contextlib
import fcntl
import json
import pathlib
import ssl
import struct
import termios
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Object
from formation_operator.kube.watches import streams
from formation_operator.kube.watches.lines import Line
from tests.cluster.certificates import Authority
from tests.unit.fakes.loopback import HOST, answering

PODS = "/api/v1/pods"
TOO_OLD = {"type": "ERROR", "object": {"kind": "Status", "code": 410}}
HEAD = b'{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","namespace":"b",'
CUT = HEAD + b'"uid":"c","resourceVersion":"6"\n'


PLACES: dict[str, streams.Place] = {
    PODS: (kinds.BY_NAME[kinds.POD], None),
    "/hpas": (kinds.BY_NAME[kinds.HPA], None),
    "/keda": (kinds.BY_NAME[kinds.SCALED_OBJECT], None),
}


class Watched:
    """What was taken in."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, bool]] = []
        self.heard: list[tuple[str, str | None]] = []

    def __call__(self, kind: str, line: Line) -> None:
        self.taken.append((kind, line.raw["metadata"]["name"], line.deleted))

    def hear(self, kind: str, namespace: str | None) -> None:
        self.heard.append((kind, namespace))


def event(type_: str, name: str, version: int, **more: object) -> bytes:
    return line(
        {"type": type_, "object": {"metadata": {"name": name, "resourceVersion": str(version)}, **more}}
    )


def line(said: object) -> bytes:
    return json.dumps(said).encode() + b"\n"


@contextlib.asynccontextmanager
async def watching(
    parts: list[bytes],
    path: str = f"{PODS}?watch=true",
    status: int = 200,
    authority: Authority | None = None,
) -> AsyncIterator[tuple[aiohttp.ClientResponse, Watched]]:
    """Watch a server that sends some bytes, piece by piece, over TLS if it has an authority."""

    async def serve(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=status)
        await response.prepare(request)
        for part in parts:
            await response.write(part)
            await asyncio.sleep(0.01)
        return response

    trusting = ssl.create_default_context(cafile=str(authority.pair.certificate)) if authority else True
    watched = Watched()
    middleware = streams.Streams(PLACES, watched, watched.hear)
    async with (
        answering(serve, of_server(authority) if authority else None) as url,
        aiohttp.ClientSession(middlewares=(middleware,)) as client,
        client.get(url + path, ssl=trusting) as answer,
    ):
        yield answer, watched


def of_server(authority: Authority) -> ssl.SSLContext:
    pair = authority.issue("server", "server", hosts=(HOST,))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def unread(answer: aiohttp.ClientResponse) -> int:
    """Return how many bytes wait on the connection."""
    assert answer.connection is not None
    assert answer.connection.transport is not None
    socket = answer.connection.transport.get_extra_info("socket")
    (count,) = struct.unpack("i", fcntl.ioctl(socket.fileno(), termios.FIONREAD, b"\0" * 4))
    return int(count)


async def left(answer: aiohttp.ClientResponse) -> list[Object]:
    text = b"".join([part async for part in answer.content.iter_chunked(2**20)])
    return [json.loads(each) for each in text.splitlines()]


def reached(version: int) -> Object:
    return {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(version)}}}


async def test_events_are_taken_in_and_the_reader_is_told_the_version_of_the_last() -> None:
    told = event("ADDED", "a", 5) + event("MODIFIED", "b", 6) + event("DELETED", "a", 9)
    async with watching([told]) as (answer, watched):
        assert await left(answer) == [reached(9)]
    assert watched.taken == [("Pod", "a", False), ("Pod", "b", False), ("Pod", "a", True)]


async def test_an_event_may_come_in_any_pieces() -> None:
    told = event("ADDED", "a", 5, filler="ä" * 2 * streams.AT_ONCE) + event("ADDED", "b", 6)
    async with watching([told[:100], told[100:-30], told[-30:-1], told[-1:]]) as (answer, watched):
        *between, last = await left(answer)
    assert last == reached(6)
    assert between in ([], [reached(5)])
    assert [name for _, name, _ in watched.taken] == ["a", "b"]


async def test_a_reader_learns_once_a_second_how_far_a_watch_has_come_and_at_its_end() -> None:
    told = [event("MODIFIED", "a", version) for version in (5, 6, 7, 8)]
    began = time.monotonic()
    async with watching(told) as (answer, watched):
        *between, last = await left(answer)
    assert last == reached(8)
    assert between == [each for each in map(reached, (5, 6, 7)) if each in between]
    assert len(between) <= 1 + int(time.monotonic() - began)
    assert len(watched.taken) == 4


async def test_a_bookmark_counts_as_far_as_it_has_come() -> None:
    async with watching([event("ADDED", "a", 5) + line(reached(8))]) as (answer, _):
        assert await left(answer) == [reached(8)]


@pytest.mark.parametrize(
    "wrong",
    [
        line({"type": "ERROR", "object": {"kind": "Status", "code": 500}}),
        b"<html>\n",
        line([]),
        line({}),
        CUT,
    ],
    ids=["an error", "a page", "a list", "no event", "a cut event"],
)
async def test_after_what_is_no_event_the_watch_is_too_old(wrong: bytes) -> None:
    async with watching([event("ADDED", "a", 5), wrong, event("ADDED", "b", 6)]) as (answer, watched):
        assert (await left(answer))[:2] == [reached(5), TOO_OLD]
    assert watched.taken[0] == ("Pod", "a", False)


async def test_a_break_in_the_middle_of_an_event_is_as_a_lost_connection() -> None:
    async with watching([event("ADDED", "a", 5), event("ADDED", "b", 6)[:-10]]) as (answer, watched):
        with pytest.raises(aiohttp.ClientPayloadError, match="cut off"):
            await left(answer)
    assert len(watched.taken) == 1


@pytest.mark.parametrize("path", [PODS, "/api/v1/nodes?watch=true"])
async def test_whatever_else_is_answered_stays_as_it_is(path: str) -> None:
    async with watching([event("ADDED", "a", 5)], path) as (answer, watched):
        assert await left(answer) == [json.loads(event("ADDED", "a", 5))]
    assert watched.taken == []


async def test_a_watch_that_is_stopped_ends() -> None:
    async with watching([event("ADDED", "a", 5)] * 100) as (answer, _):
        reading = asyncio.ensure_future(left(answer))
        await asyncio.sleep(0.05)
        answer.close()
        with pytest.raises(aiohttp.ClientConnectionError):
            await reading


@pytest.mark.parametrize("status", [403, 404, 410, 500])
async def test_a_watch_of_a_kind_that_may_be_absent_is_too_old_whatever_is_wrong_with_it(status: int) -> None:
    async with watching([b"no"], "/keda?watch=true", status) as (answer, _):
        assert await left(answer) == [TOO_OLD]


async def test_the_events_of_autoscalers_are_gathered_and_none_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "GATHERED", 0.2)
    told = [event("MODIFIED", f"a{number}", number) for number in range(1, 11)]
    async with watching(told, "/hpas?watch=true") as (answer, watched):
        said = await left(answer)
    assert [name for _, name, _ in watched.taken] == [f"a{number}" for number in range(1, 11)]
    assert said[-1] == reached(10)
    assert len(said) < len(told)


async def test_what_comes_while_they_are_gathered_stays_on_the_connection_over_tls_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setattr(streams, "GATHERED", 0.5)
    told = [event("MODIFIED", f"a{number}", number) for number in range(1, 41)]
    async with watching(told, "/hpas?watch=true", authority=Authority(tmp_path, "authority")) as (
        answer,
        watched,
    ):
        reading = asyncio.ensure_future(left(answer))
        while unread(answer) <= len(told[0]):  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.01)
        await reading
    assert len(watched.taken) == len(told)


@pytest.mark.parametrize(
    ("number", "size", "least", "most"),
    [(5000, 1200, 0.5, 0.5), (5000, 2000, 0.3, 0.5), (5000, 100_000, 0.0, 0.01), (1, 100, 0.5, 0.5)],
)
def test_events_of_autoscalers_wait_no_longer_than_a_connection_holds_what_comes_meanwhile(
    number: int, size: int, least: float, most: float
) -> None:
    assert least <= streams.gathering(number * size, 15.0) <= most


async def test_a_watch_is_heard_also_when_there_is_no_news() -> None:
    bookmark = {"metadata": {"resourceVersion": "5"}}
    async with watching([line({"type": "BOOKMARK", "object": bookmark})]) as (response, watched):
        [part async for part in response.content.iter_chunked(2**20)]
    assert watched.taken == []
    assert watched.heard == [(kinds.POD, None)]
