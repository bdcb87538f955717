"""The lines of a watch come as they are sent, or the watch counts as lost."""

import asyncio
import contextlib
import json
import math
import pathlib
import ssl
from collections.abc import AsyncIterator
from typing import cast

import aiohttp
import pytest
from aiohttp import web
from kubernetes.aio import client

from formation_operator.kube import api_server
from formation_operator.kube.objects import kinds
from formation_operator.kube.session import connection, paging, watch_lines
from tests.cluster.certificates import Authority
from tests.unit import virtual_time
from tests.unit.fakes.loopback import HOST, answering


@contextlib.asynccontextmanager
async def sent(*parts: bytes, pause: float = 0.01) -> AsyncIterator[AsyncIterator[list[bytes]]]:
    """Read from a server that sends some bytes, piece by piece."""

    async def serve(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for part in parts:
            await response.write(part)
            await asyncio.sleep(pause)
        return response

    async with answering(serve) as url, aiohttp.ClientSession() as session, session.get(url) as answer:
        yield watch_lines.batches(answer.content)


async def read(batches: AsyncIterator[list[bytes]]) -> list[bytes]:
    return [line async for batch in batches for line in batch]


@pytest.mark.parametrize(
    "parts",
    [
        [b"one\ntwo\n", b"three\n"],
        [b"o", b"ne", b"\n", b"two\nth", b"ree\n"],
        [b"\n", b"one\n\n", b"\ntwo\n", b"three", b"\n"],
    ],
    ids=["whole", "in pieces", "with blank ones"],
)
async def test_lines_come_whole_whatever_pieces_they_are_sent_in(parts: list[bytes]) -> None:
    async with sent(*parts) as those:
        assert await read(those) == [b"one", b"two", b"three"]


async def test_a_line_that_is_longer_than_what_is_read_at_once_comes_whole() -> None:
    long = b"x" * 3 * watch_lines.READ_BYTES
    async with sent(long + b"\nshort\n") as those:
        assert await read(those) == [long, b"short"]


async def test_a_line_that_is_cut_off_is_as_a_lost_connection() -> None:
    async with sent(b"one\n", b"tw") as batches:
        assert await anext(batches) == [b"one"]
        with pytest.raises(aiohttp.ClientPayloadError, match="cut off after b'tw'"):
            await anext(batches)


async def test_a_line_that_is_too_long_is_as_a_lost_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_OF_ONE", 2**18)
    async with sent(*[b"x" * 2**16] * 100, pause=0) as those:
        with pytest.raises(aiohttp.ClientPayloadError, match="more than 262144 bytes"):
            await read(those)


class Slow:
    """A body of which the same comes again and again, and after some seconds each time."""

    def __init__(self, part: bytes, seconds: float, times: int) -> None:
        self._part = part
        self._seconds = seconds
        self._times = times

    async def read(self, _: int) -> bytes:
        await asyncio.sleep(self._seconds)
        self._times -= 1
        return self._part if self._times >= 0 else b""


def came(part: bytes, seconds: float, times: int = 1000) -> list[bytes]:
    body = cast("aiohttp.StreamReader", Slow(part, seconds, times))
    return virtual_time.run(read(watch_lines.batches(body)))


@pytest.mark.parametrize(
    ("part", "seconds"),
    [(b"", math.inf), (b"one\n", 71.0), (b"\n", 1.0), (b" ", 1.0)],
    ids=["nothing", "a line too late", "blank lines", "a line drop by drop"],
)
def test_after_a_long_silence_the_watch_is_lost(part: bytes, seconds: float) -> None:
    with pytest.raises(aiohttp.ClientPayloadError, match=r"no line came for 70\.0 s"):
        came(part, min(seconds, 10_000.0))


def test_a_watch_that_says_something_once_a_minute_is_not_silent() -> None:
    assert came(b"one\n", 60.0, times=100) == [b"one"] * 100


# Those that may wait for others

HPA, POD = kinds.BY_NAME[kinds.HPA], kinds.BY_NAME[kinds.POD]


def event(number: int) -> bytes:
    about = {"name": f"a{number}", "namespace": "default", "resourceVersion": str(number)}
    return json.dumps({"type": "MODIFIED", "object": {"metadata": about}}).encode() + b"\n"


async def watched(kind: kinds.Kind, authority: Authority | None = None) -> list[str]:
    """Return the names that a watch brings of a server which sends an event every few milliseconds."""

    async def serve(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for number in range(30):
            await response.write(event(number))
            await asyncio.sleep(0.01)
        return response

    configuration = client.Configuration()
    if authority is not None:
        configuration.ssl_ca_cert = str(authority.pair.certificate)
    async with answering(serve, of_server(authority) if authority else None) as configuration.host:
        cluster = api_server.Kube(connection.Connection(configuration), timeout=30)
        async with cluster.watch(kind, None, 5) as events:
            names = [each.object["metadata"]["name"] async for each in events]
        await cluster.close()
    return names


def of_server(authority: Authority) -> ssl.SSLContext:
    pair = authority.issue("server", "server", hosts=(HOST,))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


@pytest.fixture
def gathered(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return what gets the seconds of each time for which events are gathered."""
    seconds: list[float] = []
    gather = watch_lines.gather

    async def noted(transport: asyncio.ReadTransport, for_seconds: float) -> None:
        seconds.append(for_seconds)
        await gather(transport, for_seconds)

    monkeypatch.setattr(watch_lines, "GATHERED", 0.2)
    monkeypatch.setattr(watch_lines, "gather", noted)
    return seconds


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "over TLS"])
async def test_the_events_of_autoscalers_are_gathered_and_none_is_lost(
    tls: bool, gathered: list[float], tmp_path: pathlib.Path
) -> None:
    names = await watched(HPA, Authority(tmp_path, "authority") if tls else None)
    assert names == [f"a{number}" for number in range(30)]
    assert 1 <= len(gathered) < 10


async def test_events_of_other_kinds_wait_for_nothing(gathered: list[float]) -> None:
    assert await watched(POD) == [f"a{number}" for number in range(30)]
    assert gathered == []


@pytest.mark.parametrize(
    ("number", "size", "least", "most"),
    [(5000, 1200, 0.5, 0.5), (5000, 2000, 0.3, 0.5), (5000, 100_000, 0.0, 0.01), (1, 100, 0.5, 0.5)],
)
def test_events_wait_no_longer_than_a_connection_holds_what_comes_meanwhile(
    number: int, size: int, least: float, most: float
) -> None:
    assert least <= watch_lines.gathering(number * size, 15.0) <= most
