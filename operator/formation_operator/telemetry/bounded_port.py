"""A port that anyone may reach: it has few connections open, each for one small request, and none for long.

It is a server of asyncio's streams, and reads as much of HTTP as kubelet and Prometheus send: the first line,
and headers. aiohttp's server limits neither the connections, nor the time that a request takes to come, nor
the time that its answer takes to be read.
"""

import asyncio
import http
import logging
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

logger = logging.getLogger(__name__)

CONNECTIONS = 64
"""How many connections a port has open at once."""
SECONDS = 10.0
"""How long a connection is open at most, even if the request isn't complete, or the answer isn't read."""
BYTES = 16384
"""How much a client may send before its answer, and again after it: no request needs a body."""
UNREAD = 65536
"""Bytes of an answer that the kernel keeps for a client that doesn't read it."""
PIECE = 65536
NO_LINGER = struct.pack("ii", 1, 0)
"""Has the kernel drop what it hasn't sent when we close a connection. Otherwise it tries for minutes."""
PLAIN = "text/plain; charset=utf-8"


class Reply(NamedTuple):
    """What a client is answered."""

    status: int
    body: bytes
    content_type: str = PLAIN


Answer = Callable[[Mapping[str, str]], Awaitable[Reply]]
"""Answers a request, given its headers by their names in lower case."""
NOT_FOUND = Reply(404, b"there is nothing here\n")


class Port:
    """Answers anyone who connects, within the bounds of this module.

    A new connection is always accepted, and an old one is closed for it: otherwise clients that hold all of
    them would make kubelet's checks fail. The client with the most connections loses its oldest.
    """

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        """Answer requests with the function of their path; it is cancelled when the connection is closed."""
        self._answers = answers
        self._open: dict[asyncio.Task[None], str] = {}
        """The host of each connection, by the task that serves it; the oldest is the first."""

    async def listen(self, host: str | None, port: int) -> None:
        """Accept connections; raise `OSError` if the address can't be bound."""
        self._server = await asyncio.start_server(self._connected, host, port, limit=BYTES)

    async def close(self) -> None:
        """Accept no more connections, and close those that are open."""
        self._server.close()
        for task in [*self._open]:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, and close another one if there are too many."""
        host, *_ = writer.get_extra_info("peername") or ["a client that has gone"]
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # a stream has one
        self._open[task] = host
        if len(self._open) > CONNECTIONS:
            surplus = self._surplus()
            del self._open[surplus]
            surplus.cancel()
        try:
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            async with asyncio.timeout(SECONDS):
                await self._serve(reader, writer)
        except (asyncio.LimitOverrunError, ValueError):
            pass  # the request can't be read
        except (asyncio.CancelledError, asyncio.IncompleteReadError, OSError):
            pass  # another one was more important, the time is over, or the client has gone
        finally:
            self._open.pop(task, None)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and wait until the client has closed the connection.

        If we closed it first, the kernel would go on sending an answer that the client doesn't read, and keep
        it as memory of our Pod, and we wouldn't count it any more.
        """
        method, path, headers = parsed(await reader.readuntil(b"\r\n\r\n"))
        try:
            answer = self._answers.get(path)
            reply = await answer(headers) if answer is not None else NOT_FOUND
        except Exception:
            logger.exception("%s can't be answered", path)
            reply = Reply(500, b"an error, which is in the log\n")
        writer.write(head_of(reply))
        for start in range(0, len(reply.body) if method != "HEAD" else 0, PIECE):
            writer.write(reply.body[start : start + PIECE])  # whole, it would be copied for each client
            await writer.drain()
        writer.write_eof()
        rest = 0
        while rest <= BYTES and (piece := await reader.read(BYTES)):
            rest += len(piece)

    def _surplus(self) -> asyncio.Task[None]:
        """Return the oldest connection of the client that has the most."""
        of_host = Counter(self._open.values())
        most = max(of_host.values())
        return next(task for task, host in self._open.items() if of_host[host] == most)


def parsed(head: bytes) -> tuple[str, str, Mapping[str, str]]:
    """Return the method, the path and the headers of a request; raise `ValueError` if it is malformed."""
    first, *lines = head.decode("ascii").split("\r\n")[:-2]
    method, target, version = first.split(" ")
    fields = [line.partition(":") for line in lines]
    if not version.startswith("HTTP/1.") or not all(colon for _, colon, _ in fields):
        raise ValueError(first)
    return method, target.partition("?")[0], {name.lower(): value for name, _, value in fields}


def head_of(reply: Reply) -> bytes:
    """Return what comes before the body of a reply."""
    lines = (
        f"HTTP/1.1 {reply.status} {http.HTTPStatus(reply.status).phrase}",
        f"Content-Type: {reply.content_type}",
        f"Content-Length: {len(reply.body)}",
        "Connection: close",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
