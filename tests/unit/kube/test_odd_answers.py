"""What an ill server answers, or a load balancer in front of it, is no object, no list and no success."""

import asyncio
import contextlib
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from kubernetes.aio import client

from formation_operator.api import naming
from formation_operator.kube import api_server, errors
from formation_operator.kube.port import Cluster
from formation_operator.kube.session import connection
from tests.unit.kube.calls import FORMATION, PLACE, WRITES, asking, closed, names

JSON = json.dumps(FORMATION).encode()
ASKED: dict[str, Callable[[Cluster], Awaitable[object]]] = {
    "pages": names,
    "get": lambda cluster: cluster.get(*PLACE),
    **WRITES,
    "schema": lambda cluster: cluster.schema(naming.KIND),
}


class Saying(connection.Connection):
    """Answers all with one text."""

    def __init__(self, text: bytes, status: int = 200) -> None:
        super().__init__(client.Configuration())
        self._answer = status, text

    async def send(self, *_: object) -> tuple[int, bytes]:
        return self._answer


@pytest.mark.parametrize("status", [101, 300, 304, 399, 408, 421, 425, 431, 502, 504, 520, 999])
@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
async def test_any_other_status_is_a_server_that_cannot_answer_now(
    status: int, asked: Callable[[Cluster], Awaitable[object]]
) -> None:
    async with closed(api_server.Kube(Saying(JSON, status), timeout=1)) as cluster:
        with pytest.raises(errors.UnavailableError):
            await asked(cluster)


# What comes over the wire


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WIRE: dict[str, bytes] = {
    "a page of a load balancer": answer(b"<html>wait a moment</html>", "Content-Type: text/html"),
    "an empty body": answer(b""),
    "no object": answer(b"null"),
    "a body that is cut": answer(JSON, length=2 * len(JSON)),
    "gzip that is cut": answer(gzip.compress(JSON)[:-20], "Content-Encoding: gzip"),
    "chunks that are cut": CHUNKED + b"ff\r\n{",
    "no HTTP": b"\x00\x16\x03\xff\r\n\r\n",
}


@contextlib.asynccontextmanager
async def wired(said: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve who sends some bytes to each request and hangs up; give its address, and what was asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(said)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
            writer.write_eof()
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()


# aiohttp leaves it to Python to let go of a connection whose headers it can't read, which happens at once.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("said", WIRE.values(), ids=WIRE)
async def test_whatever_comes_over_the_wire_is_an_error_at_once_and_no_patch_is_sent_twice(
    said: bytes,
) -> None:
    async with wired(said) as (url, asked), asking(url) as cluster:
        (patched,) = await asyncio.gather(cluster.patch(*PLACE, []), return_exceptions=True)
        patches = len(asked)
        read = await asyncio.gather(cluster.get(*PLACE), names(cluster), return_exceptions=True)
    assert [type(each) for each in (patched, *read)] == 3 * [errors.UnavailableError]
    assert all("\n" not in str(each) for each in (patched, *read)), "the log has lines"
    assert patches == 1
