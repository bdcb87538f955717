"""The session in which kopf lists and watches Formations, and writes nothing.

kopf ends the process at a text that its parser can't read, and tenants can create such objects. So this
session bounds each page and each line, in bytes and in depth. It also reports that a watch brings anything:
kopf reports no bookmarks. Any answer that isn't a success is a lost connection: kopf tries again.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import aiohttp
import pydantic_core

from formation_operator.api import bounds, naming
from formation_operator.kube import errors, watch_events
from formation_operator.kube.objects import authors, lenient, listings, nesting
from formation_operator.kube.session.connection import Connection, Fence
from formation_operator.kube.session.paging import BoundedResponse, Pages
from formation_operator.kube.session.retry_after import namespace_of
from formation_operator.kube.session.watch_lines import batches

Reached = Callable[[str | None], None]
FORBIDDEN, GONE = 403, 410
ANSWER_SECONDS = 60.0
"""Seconds until a watch must start, or a page must come."""
APART = 1.0
"""Seconds from the start of a watch to the next one's, at the least: kopf itself makes no pause."""
DISCOVERY = {"/apis": naming.GROUP, f"/apis/{naming.GROUP}/{naming.VERSION}": naming.PLURAL}
"""The answers in which kopf looks for the kind, only once, and the name that they must have."""


class BoundedPage(BoundedResponse):
    """An answer that is parsed however deep it is nested, and whatever bytes its texts have."""

    async def json(self, **_: Any) -> Any:
        """Return its JSON; in a page of Formations, who has changed each stands for its managed fields.

        Raises `ClientPayloadError` if it should be a page and isn't: any other error would end kopf's watch.
        """
        text = await self.read()
        if "limit" not in self.url.query:
            return nesting.parsed(text, pydantic_core.from_json)
        try:
            page = lenient.mapping(await nesting.read(text, listings.PAGE.decode))
        except ValueError:
            page = {}
        if not lenient.is_version(lenient.mapping(page, "metadata").get("resourceVersion")):
            raise aiohttp.ClientPayloadError(f"no page: {text[:200]!r}")
        for item in lenient.items(page, "items"):
            authors.without_managed_fields(lenient.mapping(item, "metadata"))
        return page


class BoundedLines:
    """The body of a watch, line by line, each of which kopf can parse."""

    def __init__(self, content: aiohttp.StreamReader, reached: Callable[[], None]) -> None:
        """Take the body, and a function that is called whenever lines come."""
        self._content = content
        self._reached = reached

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the body that the client uses."""
        return getattr(self._content, name)

    async def iter_chunked(self, _: int) -> AsyncIterator[bytes]:
        """Yield the lines as they come; raise `ClientPayloadError` for one that is no event."""
        async for lines in batches(self._content):
            self._reached()
            for line in lines:
                yield await _readable(line) + b"\n"


async def _readable(line: bytes) -> bytes:
    """Return an event with null for what is nested too deep.

    Who has changed the Formation stands in place of its managed fields.
    """
    try:
        event = await watch_events.read(line)
    except errors.ExpiredError:
        return line  # kopf takes this error as the end of a watch; any other would end the process
    except errors.ClusterError as error:
        raise aiohttp.ClientPayloadError(str(error)) from error
    authors.without_managed_fields(lenient.mapping(event, "object", "metadata"))
    return await nesting.cut(bounds.encoded(event))


class Watched:
    """Middleware of a client's session: reports what kopf's requests bring, and bounds its watches' lines."""

    def __init__(self, reached: Reached, refused: Reached) -> None:
        """Take functions that are called with a namespace, or with none for all.

        ``reached`` is called when its watch brings anything, and ``refused`` when a request is forbidden.
        """
        self._reached = reached
        self._refused = refused
        self._started: dict[str | None, float] = {}
        """When a watch was last started, by the loop's clock."""

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request; raise what kopf takes as a lost connection for any answer but a success."""
        namespace = namespace_of(request)
        is_watch = "watch" in request.url.query
        if is_watch:
            await self._wait(namespace)
        answer = await _sent(request, send)
        if answer.status == FORBIDDEN:
            self._refused(namespace)
        await _check(answer, is_watch=is_watch)
        if is_watch:
            lines = BoundedLines(answer.content, functools.partial(self._reached, namespace))
            answer.content = cast("aiohttp.StreamReader", lines)
        return answer

    async def _wait(self, namespace: str | None) -> None:
        """Wait until the watch may be started again."""
        now = asyncio.get_running_loop().time
        await asyncio.sleep(self._started.get(namespace, -APART) + APART - now())
        self._started[namespace] = now()


async def _sent(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request; raise `ClientConnectionError` if a proxy refuses it, or the answer isn't HTTP."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await send(request)
    except aiohttp.ClientResponseError as error:
        raise aiohttp.ClientConnectionError(f"{request.url.path}: {error!r}") from error


async def _check(answer: aiohttp.ClientResponse, *, is_watch: bool) -> None:
    """Raise what kopf takes as a lost connection for any status but a success; no redirect is followed.

    After a 410 to a page kopf has to start a new list, and not to send the same request again. The API server
    accepts requests for a new kind before discovery has it, for which kopf has to wait.
    """
    path = answer.url.path
    if answer.status >= 300:
        answer.close()
        is_expired = answer.status == GONE and not is_watch
        lost = aiohttp.ClientPayloadError if is_expired else aiohttp.ClientConnectionError
        raise lost(f"{path}: HTTP {answer.status}")
    for place, name in DISCOVERY.items():
        if path.endswith(place) and f'"{name}"'.encode() not in await answer.read():
            raise aiohttp.ClientConnectionError(f"{path}: no {name} yet")


def session(server: Connection, reached: Reached, refused: Reached) -> aiohttp.ClientSession:
    """Return a session that has logged in and renews its credentials by itself.

    `Watched` says when ``reached`` and ``refused`` are called.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        proxy=server.proxy,
        cookie_jar=aiohttp.DummyCookieJar(),
        response_class=BoundedPage,
        middlewares=(Watched(reached, refused), Pages(), *server.middlewares, Fence(lambda: False)),
    )
