"""The session in which kopf lists and watches Formations.

kopf ends the process if an answer isn't as it expects: an error that it doesn't know, or a text that its
parser can't read. Tenants can make such objects, and every API server is ill or restarted now and then. So
this session bounds each page and each line, in bytes and in depth, and an error counts as a lost connection:
kopf tries again, and begins with a list where it has to.
"""

import functools
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import aiohttp
import msgspec

from formation_operator.kube.objects import listings, nesting
from formation_operator.kube.session import paging
from formation_operator.kube.session.connection import Connection
from formation_operator.kube.session.lines import Lines
from formation_operator.kube.session.retry_after import NAMESPACE
from formation_operator.kube.session.turns import in_turns

Reached = Callable[[str | None], None]
GONE = 410
ERROR = b'{"type":"ERROR"'
EXPIRED = b'"code":410'


class BoundedPage(paging.BoundedResponse):
    """An answer that can be parsed whatever it is nested like, and whatever bytes its texts are made of."""

    async def json(self, **_: Any) -> Any:
        """Return what it says, a page of Formations without their managed fields, which nobody reads."""
        text = await self.read()
        if "limit" in self.url.query:
            return await in_turns(listings.page_of_bodies(text))
        return nesting.parsed(text)


class BoundedLines:
    """The body of a watch, line by line, each of which kopf can parse."""

    def __init__(self, content: aiohttp.StreamReader, reached: Callable[[], None]) -> None:
        """Take the body as it comes, and what is called whenever the watch says anything."""
        self._content = content
        self._reached = reached

    def __getattr__(self, name: str) -> Any:
        """Return what the client itself asks of a body."""
        return getattr(self._content, name)

    async def iter_chunked(self, _: int) -> AsyncIterator[bytes]:
        """Yield the lines as they come; raise `ClientPayloadError` for a lost connection, and for an error.

        kopf knows one error in a watch, that it began too long ago; any other would end the process.
        """
        async for lines in Lines(self._content).batches():
            self._reached()
            for line in lines:
                if not line.startswith(ERROR):
                    yield await _readable(line) + b"\n"
                elif EXPIRED in line:
                    yield line + b"\n"
                else:
                    raise aiohttp.ClientPayloadError(f"the watch has ended: {line[:200]!r}")


async def _readable(line: bytes) -> bytes:
    """Return an event without managed fields, and with null for what is nested too deep.

    Raises `ClientPayloadError` if it is no event.
    """
    try:
        text = msgspec.json.encode(await in_turns(listings.event_of_body(line)))
        return await in_turns(nesting.cut(text)) if nesting.is_deep(text) else text
    except ValueError as error:
        raise aiohttp.ClientPayloadError(f"no event: {line[:200]!r}") from error


class Survivable:
    """Middleware of a client's session: kopf survives whatever comes instead of what it asked for."""

    def __init__(self, reached: Reached) -> None:
        """Take what is called with a namespace, or none, whenever the watch there says anything."""
        self._reached = reached

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request; raise what kopf takes as a lost connection if it is refused, for whatever reason.

        A token for the next page that is too old has kopf begin its list anew: no use to try that again.
        """
        answer = await send(request)
        if answer.status >= 400:
            answer.close()
            lost = aiohttp.ClientPayloadError if answer.status == GONE else aiohttp.ClientConnectionError
            raise lost(f"{request.url.path}: HTTP {answer.status}")
        if "watch" in request.url.query:
            found = NAMESPACE.search(request.url.raw_path)
            reached = functools.partial(self._reached, found[1] if found else None)
            answer.content = cast("aiohttp.StreamReader", BoundedLines(answer.content, reached))
        return answer


def session(server: Connection, reached: Reached) -> aiohttp.ClientSession:
    """Return a session with a server that has logged in, and does so anew by itself.

    ``reached`` is called with a namespace, or none, whenever a watch there says anything.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        proxy=server.proxy,
        cookie_jar=aiohttp.DummyCookieJar(),
        response_class=BoundedPage,
        middlewares=(Survivable(reached), paging.Pages(), *server.middlewares),
    )
