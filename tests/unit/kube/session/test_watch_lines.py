"""The lines of a watch come as they are sent, or the watch counts as lost."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from typing import cast

import aiohttp
import pytest
from aiohttp import web

from formation_operator.kube.session import paging, watch_lines
from tests.unit import virtual_time
from tests.unit.fakes.loopback import answering


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
