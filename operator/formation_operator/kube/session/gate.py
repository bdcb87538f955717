"""Who may not write any more starts no write, however long that has waited for its turn.

A request may wait for a server that wants to be left alone, for a connection that is free, or for a new one.
So what tells whether to write is asked after all that, when nothing is left to do but to send.
"""

import contextlib
import contextvars
from collections.abc import Callable, Iterator

import aiohttp
from aiohttp.connector import Connection

if "send" not in vars(aiohttp.ClientRequest):  # in a later version: the gate would be asked by nobody
    raise ImportError("this aiohttp sends requests in another way than the gate knows")

_may_write: contextvars.ContextVar[Callable[[], bool]] = contextvars.ContextVar("may_write")
"""What tells whether to write, for the requests of a block: aiohttp hands nothing of ours to a request."""


class NotSentError(aiohttp.ClientError):
    """A request wasn't sent."""


@contextlib.contextmanager
def asked(may_write: Callable[[], bool]) -> Iterator[None]:
    """Have each request of a block be sent only if it is a read, or may be a write by then."""
    token = _may_write.set(may_write)
    try:
        yield
    finally:
        _may_write.reset(token)


class Gated(aiohttp.ClientRequest):
    """A request that passes the gate when it has a connection, at its second try as well as at its first."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        """Send it, or raise `NotSentError`; a connection that isn't used is closed by who got it.

        So is one on which an answer to nothing came while nobody used it: it would be taken for ours.
        """
        if conn.protocol is None or conn.protocol.should_close:
            raise aiohttp.ServerDisconnectedError("an answer came that nobody had asked for")
        if self.method != "GET" and not _may_write.get()():
            raise NotSentError("not sent: another replica may lead now")
        return await super().send(conn)
