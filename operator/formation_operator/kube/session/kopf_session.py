"""The session in which kopf lists and watches Formations, and writes nothing.

kopf ends the process if an answer isn't as it expects: an error that it doesn't know, or a text that its
parser can't read. Tenants can make such objects, and every API server is ill or restarted now and then. So
this session bounds each page and each line, in bytes and in depth, and an error counts as a lost connection:
kopf tries again, and begins with a list where it has to.
"""

import asyncio
import contextlib
import functools
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import aiohttp
import msgspec

from formation_operator.api import naming
from formation_operator.backoff import Backoff
from formation_operator.kube.objects import lenient, listings, nesting
from formation_operator.kube.session.connection import Connection, GatedConnector
from formation_operator.kube.session.paging import BoundedResponse, Pages
from formation_operator.kube.session.retry_after import NAMESPACE
from formation_operator.kube.session.watch_lines import Lines

Reached = Callable[[str | None], None]
FORBIDDEN, GONE = 403, 410
ANSWER_SECONDS = 60.0
"""How long a watch may take to begin, and a page to come."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between the end of a watch and the next one: kopf itself would begin it at once."""
FIRST_REFUSED, LONGEST_REFUSED = 1.0, 45.0
"""Seconds before kopf learns of a refusal, which it logs each time; its own time-out is longer."""
DISCOVERY = {
    "/apis": f'"{naming.GROUP}"'.encode(),
    f"/apis/{naming.GROUP}/{naming.VERSION}": f'"{naming.PLURAL}"'.encode(),
}
"""What kopf looks for once before it watches, and where."""
ERROR = b'{"type":"ERROR"'
EXPIRED = b'"code":410'


class BoundedPage(BoundedResponse):
    """An answer that can be parsed whatever it is nested like, and whatever bytes its texts are made of."""

    async def json(self, **_: Any) -> Any:
        """Return what it says, a page of Formations without their managed fields, which nobody reads.

        Raises `ClientPayloadError` for what is no page, after which kopf would list no more.
        """
        text = await self.read()
        if "limit" not in self.url.query:
            return nesting.parsed(text)
        return await _parsed(text, listings.PAGE_WITHOUT)


class BoundedLines:
    """The body of a watch, line by line, each of which kopf can parse."""

    def __init__(self, content: aiohttp.StreamReader, reached: Callable[[], None], backoff: Backoff) -> None:
        """Take the body as it comes, what is called whenever the watch says anything, and the pauses."""
        self._content = content
        self._reached = reached
        self._backoff = backoff

    def __getattr__(self, name: str) -> Any:
        """Return what the client itself asks of a body."""
        return getattr(self._content, name)

    async def iter_chunked(self, _: int) -> AsyncIterator[bytes]:
        """Yield the lines as they come; raise `ClientPayloadError` for a lost connection, and for an error.

        kopf knows one error in a watch, that it began too long ago; any other would end the process.
        """
        try:
            async for lines in Lines(self._content).batches():
                self._reached()
                for line in lines:
                    yield await _readable(line) + b"\n"
                self._backoff.reset()
        except aiohttp.ClientError:
            await asyncio.sleep(self._backoff.pause())
            raise
        await asyncio.sleep(self._backoff.pause())


async def _parsed(text: bytes, decoder: msgspec.json.Decoder[Any], *path: str) -> Any:
    """Return a page, or an event whose object is at a path.

    Raises `ClientPayloadError` for anything else: a proxy may answer with an error of its own, JSON or not, and
    the status 200.
    """
    with contextlib.suppress(ValueError):
        parsed = await listings.read(text, decoder)
        if lenient.is_version(lenient.mapping(parsed, *path, "metadata").get("resourceVersion")):
            return parsed
    raise aiohttp.ClientPayloadError(f"neither a page nor an event: {text[:200]!r}")


async def _readable(line: bytes) -> bytes:
    """Return an event without managed fields, and with null for what is nested too deep.

    Raises `ClientPayloadError` if it is no event, or an error but the one that kopf knows.
    """
    if line.startswith(ERROR):
        if EXPIRED not in line:
            raise aiohttp.ClientPayloadError(f"the watch has ended: {line[:200]!r}")
        return line
    event = await _parsed(line, listings.EVENT_WITHOUT, "object")
    try:
        text = msgspec.json.encode(event)
    except UnicodeEncodeError:  # in its managed fields is half of a surrogate pair
        text = json.dumps(event).encode()
    return await nesting.cut(text) if nesting.is_deep(text) else text


class Survivable:
    """Middleware of a client's session: kopf survives whatever an ill server answers."""

    def __init__(self, reached: Reached, listed: Reached, refused: Reached) -> None:
        """Take what is called with a namespace, or none.

        ``reached`` when its watch says anything, ``listed`` when it is listed, and ``refused`` when a watch
        is forbidden.
        """
        self._reached = reached
        self._listed = listed
        self._refused = refused
        self._backoffs: dict[str, Backoff] = {}
        """By path: of all namespaces together, or of each that is watched by itself."""
        self._refusals: dict[str, Backoff] = {}

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request; raise what kopf takes as a lost connection if it is refused, for whatever reason.

        A token for the next page that is too old has kopf begin its list anew: no use to try that again.
        And the API server serves a new kind some moments before discovery has it: kopf would never see that.
        """
        path, is_watch = request.url.raw_path, "watch" in request.url.query
        found = NAMESPACE.search(path)
        namespace = found[1] if found else None
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await _sent(request, send)
        if answer.status >= 300:  # no redirect is followed, either
            answer.close()
            if answer.status == FORBIDDEN:
                await self._pause(path, namespace if is_watch else None)
            anew = answer.status == GONE and not is_watch
            lost = aiohttp.ClientPayloadError if anew else aiohttp.ClientConnectionError
            raise lost(f"{request.url.path}: HTTP {answer.status}")
        self._refusals.pop(path, None)
        for place, wanted in DISCOVERY.items():
            if path.endswith(place) and not await _says(answer, wanted):
                raise aiohttp.ClientConnectionError(f"{path}: no {wanted.decode()} yet")
        if "limit" in request.url.query:
            self._listed(namespace)
        if is_watch:
            reached = functools.partial(self._reached, namespace)
            backoff = self._backoffs.setdefault(path, Backoff(FIRST_PAUSE, LONGEST_PAUSE))
            lines = BoundedLines(answer.content, reached, backoff)
            answer.content = cast("aiohttp.StreamReader", lines)
        return answer

    async def _pause(self, path: str, unwatched: str | None) -> None:
        """Wait before kopf learns that a request is forbidden; report the namespace that has no watch."""
        if unwatched is not None:
            self._refused(unwatched)
        backoff = self._refusals.setdefault(path, Backoff(FIRST_REFUSED, LONGEST_REFUSED))
        await asyncio.sleep(backoff.pause())


async def _sent(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request; raise `ClientConnectionError` for a proxy that refuses, and for no HTTP."""
    try:
        return await send(request)
    except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
        raise
    except aiohttp.ClientError as error:
        raise aiohttp.ClientConnectionError(f"{request.url.path}: {error!r}") from error


async def _says(answer: aiohttp.ClientResponse, wanted: bytes) -> bool:
    """Tell whether an answer is whole, is JSON, and has a text."""
    try:
        text = await answer.read()
        nesting.parsed(text)
    except (aiohttp.ClientPayloadError, ValueError):
        return False
    return wanted in text


def session(
    server: Connection,
    reached: Reached,
    listed: Reached = lambda _: None,
    refused: Reached = lambda _: None,
) -> aiohttp.ClientSession:
    """Return a session with a server that has logged in, and does so anew by itself.

    ``reached`` is called with a namespace, or none, whenever a watch there says anything; ``listed`` with
    each page of a list, of which an empty one has no event for anybody; ``refused`` with a namespace whose
    watch is forbidden.
    """
    return aiohttp.ClientSession(
        connector=GatedConnector(lambda: False, limit=0),
        proxy=server.proxy,
        cookie_jar=aiohttp.DummyCookieJar(),
        response_class=BoundedPage,
        middlewares=(Survivable(reached, listed, refused), Pages(), *server.middlewares),
    )
