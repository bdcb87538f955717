"""The session in which kopf lists and watches Formations, and writes nothing.

kopf ends the process if an answer isn't as it expects: an error that it doesn't know, or a text that its
parser can't read. Tenants can create such objects, and API servers fail and restart. So this session bounds
each page and each line, in bytes and in depth, and raises a lost connection for an error: kopf tries again,
and lists first if it has to.
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
"""Seconds until a watch must start, or a page must come."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between the end of a watch and the next one: kopf itself makes none."""
FIRST_REFUSED, LONGEST_REFUSED = 1.0, 45.0
"""Seconds that a 403 is held back from kopf, which logs each one; its own time-out is longer."""
DISCOVERY = {
    "/apis": f'"{naming.GROUP}"'.encode(),
    f"/apis/{naming.GROUP}/{naming.VERSION}": f'"{naming.PLURAL}"'.encode(),
}
"""The answers in which kopf looks for the kind before it watches, and the text that they must have."""
ERROR = b'{"type":"ERROR"'
EXPIRED = b'"code":410'


class BoundedPage(BoundedResponse):
    """An answer that is parsed however deep it is nested, and whatever bytes its texts have."""

    async def json(self, **_: Any) -> Any:
        """Return its JSON; a page of Formations comes without their managed fields, which aren't used.

        Raises `ClientPayloadError` if it should be a page and isn't: any other error would end kopf's watch.
        """
        text = await self.read()
        if "limit" not in self.url.query:
            return nesting.parsed(text)
        return await _parsed(text, listings.PAGE_WITHOUT)


class BoundedLines:
    """The body of a watch, line by line, each of which kopf can parse."""

    def __init__(self, content: aiohttp.StreamReader, reached: Callable[[], None], backoff: Backoff) -> None:
        """Take the body, a function that is called whenever lines come, and the pauses."""
        self._content = content
        self._reached = reached
        self._backoff = backoff

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the body that the client uses."""
        return getattr(self._content, name)

    async def iter_chunked(self, _: int) -> AsyncIterator[bytes]:
        """Yield the lines as they come; raise `ClientPayloadError` for a lost connection, or an error event.

        kopf handles one error event, 410; any other would end the process.
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

    Raises `ClientPayloadError` for anything else: a proxy may send an error of its own with the status 200.
    """
    with contextlib.suppress(ValueError):
        parsed = await listings.read(text, decoder)
        if lenient.is_version(lenient.mapping(parsed, *path, "metadata").get("resourceVersion")):
            return parsed
    raise aiohttp.ClientPayloadError(f"neither a page nor an event: {text[:200]!r}")


async def _readable(line: bytes) -> bytes:
    """Return an event without managed fields, and with null for what is nested too deep.

    Raises `ClientPayloadError` if it is no event, or an error event other than 410.
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
    """Middleware of a client's session: turns answers that would end kopf into lost connections."""

    def __init__(self, reached: Reached, listed: Reached, refused: Reached) -> None:
        """Take functions that are called with a namespace, or with none for all.

        ``reached`` is called when its watch brings anything, ``listed`` at each page of a list, and
        ``refused`` when a watch is forbidden.
        """
        self._reached = reached
        self._listed = listed
        self._refused = refused
        self._backoffs: dict[str, Backoff] = {}
        """By path of a watch."""
        self._refusals: dict[str, Backoff] = {}

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request; raise what kopf takes as a lost connection for any status of an error.

        After a 410 to a page kopf has to start a new list, and not to send the same request again. The API
        server accepts requests for a new kind before discovery has it; kopf, which looks only once, must
        wait.
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
            is_expired = answer.status == GONE and not is_watch
            lost = aiohttp.ClientPayloadError if is_expired else aiohttp.ClientConnectionError
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
        """Report a namespace whose watch is forbidden, and hold a 403 back for a while."""
        if unwatched is not None:
            self._refused(unwatched)
        backoff = self._refusals.setdefault(path, Backoff(FIRST_REFUSED, LONGEST_REFUSED))
        await asyncio.sleep(backoff.pause())


async def _sent(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request; raise `ClientConnectionError` if a proxy refuses it, or the answer isn't HTTP."""
    try:
        return await send(request)
    except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
        raise
    except aiohttp.ClientError as error:
        raise aiohttp.ClientConnectionError(f"{request.url.path}: {error!r}") from error


async def _says(answer: aiohttp.ClientResponse, wanted: bytes) -> bool:
    """Return whether an answer is complete, is JSON, and contains a text."""
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
    """Return a session that has logged in and renews its credentials by itself.

    `Survivable` says when ``reached``, ``listed`` and ``refused`` are called. kopf itself doesn't report an
    empty page to a handler.
    """
    return aiohttp.ClientSession(
        connector=GatedConnector(lambda: False, limit=0),
        proxy=server.proxy,
        cookie_jar=aiohttp.DummyCookieJar(),
        response_class=BoundedPage,
        middlewares=(Survivable(reached, listed, refused), Pages(), *server.middlewares),
    )
