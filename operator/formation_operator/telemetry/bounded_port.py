"""A port that anyone may reach: it has few connections open, each for one small request, and none for long.

aiohttp limits the number of headers and the length of each, which allows a megabyte. It limits neither the
connections, nor the time that a request takes to come, nor the time that its answer takes to be read.
"""

import asyncio
import contextlib
import logging
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from aiohttp import web

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
logger = logging.getLogger(__name__)

CONNECTIONS = 64
"""How many connections a port has open at once."""
SECONDS = 10.0
"""How long a connection is open at most, even if the request isn't complete, or the answer isn't read."""
BYTES = 16384
"""How much a client may send over a connection: no request needs a body, and a connection has only one."""
HEADERS = 64
UNREAD = 65536
"""Bytes of an answer that the kernel keeps for a client that doesn't read it."""
NO_LINGER = struct.pack("ii", 1, 0)
"""Has the kernel drop what it hasn't sent when we close a connection. Otherwise it tries for minutes."""
LOG_PAUSE = 60.0
"""Seconds between two lines of the log about closed connections."""


class Open(NamedTuple):
    """A connection that is open."""

    transport: asyncio.Transport
    host: str
    end: asyncio.TimerHandle


class Port(web.Server):
    """Answers anyone who connects, within the bounds of this module.

    A new connection is always accepted, and an old one is closed for it: otherwise clients that hold all of
    them would make kubelet's checks fail. The client with the most connections loses its oldest.
    """

    def __init__(self, answer: Answer) -> None:
        """Answer requests with a function, which is cancelled when the connection ends."""
        super().__init__(answer, handler_cancellation=True)
        self._open: dict[web.RequestHandler, Open] = {}
        self._silent_until, self._unlogged = 0.0, 0

    def __call__(self) -> web.RequestHandler:
        """Return what reads a new connection."""
        return Connection(
            self,
            loop=asyncio.get_running_loop(),
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=0.0,
            lingering_time=0.0,
            max_headers=HEADERS,
        )

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Note a connection, and close another one if there are too many."""
        super().connection_made(handler, transport)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD)
        host, *_ = transport.get_extra_info("peername") or ["a client that has gone"]
        end = asyncio.get_running_loop().call_later(SECONDS, self.cut_off, handler, f"open for {SECONDS:g} s")
        self._open[handler] = Open(transport, host, end)
        if len(self._open) > CONNECTIONS:
            self.cut_off(self._surplus(), f"{CONNECTIONS} others are open")

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        """Forget a connection."""
        super().connection_lost(handler, exc)
        if ended := self._open.pop(handler, None):
            ended.end.cancel()

    def cut_off(self, handler: web.RequestHandler, why: str) -> None:
        """Close a connection, and send nothing more over it."""
        if ended := self._open.pop(handler, None):
            ended.end.cancel()
            ended.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER
            )
            ended.transport.abort()
            self._log(ended.host, why)

    def refuse(self, handler: web.RequestHandler, why: str) -> None:
        """Log why a request isn't answered, unless its connection has ended."""
        if handler in self._open:
            self._log(self._open[handler].host, why)

    def _log(self, host: str, why: str) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._silent_until:
            self._unlogged += 1
            return
        more = f" (and {self._unlogged} others since the last such line)" if self._unlogged else ""
        logger.warning("A connection from %s was closed: %s%s", host, why, more)
        self._silent_until, self._unlogged = now + LOG_PAUSE, 0

    def _surplus(self) -> web.RequestHandler:
        """Return the oldest connection of the client that has the most."""
        of_host = Counter(each.host for each in self._open.values())
        most = max(of_host.values())
        return next(handler for handler, each in self._open.items() if of_host[each.host] == most)


class Connection(web.RequestHandler):
    """Reads one request, of a bounded size."""

    __slots__ = ("_port", "_received")

    def __init__(self, port: Port, **about: Any) -> None:
        """Read nothing yet."""
        super().__init__(port, **about)
        self._port, self._received = port, 0

    def data_received(self, data: bytes) -> None:
        """Parse what the client sent, unless that is too much."""
        self._received += len(data)
        if self._received > BYTES:
            self._port.cut_off(self, f"it sent more than {BYTES} bytes")
        else:
            super().data_received(data)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the answer, and wait until the client closes the connection or it is cut off.

        If we closed it, the kernel would go on sending an answer that the client doesn't read, and keep it as
        memory of our Pod, and we wouldn't count it any more.
        """
        resp.force_close()
        sent = await super().finish_response(request, resp, start_time)
        if self.transport is not None and not self.transport.is_closing():
            with contextlib.suppress(OSError):  # the client has just gone
                self.transport.write_eof()
                await asyncio.get_running_loop().create_future()  # cancelled when the connection ends
        return sent

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Refuse a malformed request, and log no traceback: a client that sends one sends many."""
        if status >= 500:
            return super().handle_error(request, status, exc, message)
        self._port.refuse(self, f"its request can't be read ({type(exc).__name__})")
        return web.Response(status=status, text="this request can't be read\n")
