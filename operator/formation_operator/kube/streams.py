"""A session in which whoever watches a kind hears of no event, only how far the watch has come.

kopf takes each event through queues, tasks and handlers, which costs far more than to read it.  Here its
watches are ours: each event is taken in as it comes, and kopf is told the version that was reached, as by the
API server's own bookmarks.  So all else that a watch needs stays kopf's: to begin, to go on after a break, to
notice silence, to log in again.
"""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

import aiohttp
from aiohttp.streams import AsyncStreamIterator

from formation_operator.kube.lists import Place
from formation_operator.kube.port import Object

AT_ONCE = 2**16
"""Bytes of events that are taken in before others have a turn."""


class Take(Protocol):
    """What takes in an object of a kind."""

    def __call__(self, kind: str, raw: Object, *, deleted: bool) -> None:
        """Take it in, or note that it was deleted."""


DELETED = "DELETED"
EVENTS = {"ADDED", "MODIFIED", DELETED}
BOOKMARK = "BOOKMARK"
REACHED = '{"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "%s"}}}\n'
"""The line that tells of a version."""


class Stream(aiohttp.StreamReader):
    """What the server sends of a watch, as a reader of chunks sees it: without the events.

    Half a line before a break is dropped: what it told comes again.
    """

    def __init__(self, source: aiohttp.StreamReader, kind: str, take: Take) -> None:
        """Take what the server sends about a kind, and what takes in an object."""
        self._source = source
        self._kind = kind
        self._take = take
        self._rest = b""

    def exception(self) -> BaseException | None:
        """Return what ended the stream."""
        return self._source.exception()

    def set_exception(self, *given: Any) -> None:
        """End the stream, as whoever closes it does."""
        self._source.set_exception(*given)

    def iter_chunked(self, n: int) -> AsyncStreamIterator[bytes]:  # noqa: ARG002  # few bytes are left
        """Return what is left, as it comes."""
        return AsyncStreamIterator(self._read)

    async def _read(self) -> bytes:
        """Take in what has come, and return what is left of it; nothing once the stream has ended."""
        while data := await self._source.read(AT_ONCE):
            *lines, self._rest = (self._rest + data).split(b"\n")
            left = b"".join(self._left(lines))
            if len(data) == AT_ONCE:
                await asyncio.sleep(0)
            if left:
                return left
        return b""

    def _left(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Take in the events among some lines; yield the other lines, and how far all have come."""
        version = ""
        for line in filter(None, lines):
            event = parsed(line)
            type_, raw = event["type"], event["object"]
            if type_ in EVENTS:
                self._take(self._kind, raw, deleted=type_ == DELETED)
            elif type_ != BOOKMARK:
                yield line + b"\n"
                continue
            version = raw["metadata"]["resourceVersion"]
        if version:
            yield (REACHED % version).encode()


class Streams:
    """Middleware of a client's session: takes in what the watches of some places tell."""

    def __init__(self, places: Mapping[str, Place], take: Take) -> None:
        """Take the places by their paths, and what takes in an object."""
        self._places = places
        self._take = take

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request; if it is for a watch, have only the rest of it read."""
        answer = await send(request)
        place = self._places.get(request.url.path)
        if place is not None and "watch" in request.url.query and answer.ok:
            kind, _ = place
            answer.content = Stream(answer.content, kind.name, self._take)
        return answer


def parsed(line: bytes) -> Any:
    """Return what a line says; raise what a broken connection does, if it is none."""
    try:
        return json.loads(line)
    except ValueError as error:
        raise aiohttp.ClientPayloadError(f"a watch sent no JSON: {line[:200]!r}") from error
