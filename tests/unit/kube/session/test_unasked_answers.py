"""What comes on a connection while nobody uses it is nobody's answer."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable

import pytest
from kubernetes.aio import client

from formation_operator.api import naming
from formation_operator.kube import api_server, errors
from formation_operator.kube.session import connection
from tests.unit.fakes.loopback import HOST
from tests.unit.kube.calls import FORMATION, PLACE
from tests.unit.kube.session.clients import WATCH, watching


class Talkative:
    """A server that answers each request, and the first one of each connection once more a moment later."""

    def __init__(self, body: Callable[[int], bytes]) -> None:
        """Take what it answers, given a version."""
        self._body = body
        self._serving: list[asyncio.Task[None] | None] = []
        self.asked: list[str] = []
        self.said = asyncio.Event()
        """Is set when an answer to nothing was sent."""

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Listen at an address."""
        server = await asyncio.start_server(self._serve, HOST, 0)
        async with server:
            yield f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
            await asyncio.gather(*filter(None, self._serving))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.append(asyncio.current_task())
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            for number in range(100):
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = head.partition("content-length: ")[2].partition("\r\n")[0]
                await reader.readexactly(int(length or 0))
                self.asked.append(head.split()[0].upper())
                self._say(writer, len(self.asked))
                if number == 0:
                    await asyncio.sleep(0.02)
                    self._say(writer, 999)
                    await writer.drain()
                    self.said.set()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def say_too_much(self, here: api_server.Kube) -> None:
        """Be asked for an object, and answer once more."""
        await here.get(*PLACE)
        await self.said.wait()

    def _say(self, writer: asyncio.StreamWriter, version: int) -> None:
        body = self._body(version)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def an_object(version: int) -> bytes:
    about = {**FORMATION["metadata"], "resourceVersion": str(version)}
    return json.dumps({**FORMATION, "metadata": about}).encode()


def a_bookmark(version: int) -> bytes:
    later = {"resourceVersion": str(10 + version)}  # than where the watch begins
    event = {"type": "BOOKMARK", "object": {"metadata": later}}
    return json.dumps(event).encode() + b"\n"


def kube(url: str) -> api_server.Kube:
    return api_server.Kube(connection.Connection(client.Configuration(host=url)), timeout=5)


async def test_a_read_is_answered_by_what_answers_it() -> None:
    server = Talkative(an_object)
    async with server.open() as url:
        here = kube(url)
        await server.say_too_much(here)
        live = await here.get(*PLACE)
        await here.close()
    assert live is not None
    assert live["metadata"]["resourceVersion"] == "2"
    assert server.asked == ["GET", "GET"]


async def test_a_write_that_was_never_sent_was_never_answered() -> None:
    server = Talkative(an_object)
    async with server.open() as url:
        here = kube(url)
        await server.say_too_much(here)
        with pytest.raises(errors.UnavailableError, match="nobody had asked"):
            await here.patch(naming.KIND, *PLACE[1:], [])
        assert server.asked == ["GET"]
        live = await here.patch(naming.KIND, *PLACE[1:], [])
        await here.close()
    assert live["metadata"]["resourceVersion"] == "2"
    assert server.asked == ["GET", "PATCH"]


async def test_a_watch_is_answered_by_what_answers_it() -> None:
    server = Talkative(a_bookmark)
    async with server.open() as url:
        opened = connection.Connection(client.Configuration(host=url))
        async with watching(opened) as watches:
            async with watches.get(url + WATCH) as answer:
                async for _ in answer.content.iter_chunked(2**16):
                    pass
            await server.said.wait()
            async with watches.get(url + WATCH) as answer:
                said = [part async for part in answer.content.iter_chunked(2**16)]
        await opened.close()
    assert [json.loads(each) for each in said] == [json.loads(a_bookmark(2))]
    assert server.asked == ["GET", "GET"]
