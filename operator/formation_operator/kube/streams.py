"""A session in which whoever watches a kind hears of no event, only how far the watch has come.

kopf takes each event through queues, tasks and handlers, which costs far more than to read it.  Here its
watches are ours: each event is taken in as it comes, and kopf is told the version that was reached, as by the
API server's own bookmarks.  So all else that a watch needs stays kopf's: to begin, and to go on after a
break.

Whatever else comes ends kopf, and the process with it: an error that it doesn't know, a line that was cut
short.  So it is told of nothing but a version, a break, or that its watch is too old.
"""

import asyncio
import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import aiohttp
from aiohttp.streams import AsyncStreamIterator

from formation_operator.kube.lists import Place
from formation_operator.kube.port import Object

logger = logging.getLogger(__name__)
AT_ONCE = 2**16
"""Bytes of events that are taken in before others have a turn."""


class Take(Protocol):
    """What takes in an object of a kind."""

    def __call__(self, kind: str, raw: Object, *, deleted: bool) -> None:
        """Take it in, or note that it was deleted."""


DELETED = "DELETED"
EVENTS = {"ADDED", "MODIFIED", DELETED}
BOOKMARK = "BOOKMARK"
GONE = 410
TOO_OLD = json.dumps({"type": "ERROR", "object": {"kind": "Status", "code": GONE}}).encode() + b"\n"
"""The line that has kopf begin anew, with a list."""
SILENCE = 70.0
"""Seconds without a word after which a watch is taken as lost: about once a minute the API server sends a
bookmark."""
REACHED = '{"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "%s"}}}\n'
"""The line that tells of a version."""


class Stream(aiohttp.StreamReader):
    """What the server sends of a watch, as a reader of chunks sees it: without the events.

    Half a line before a break is dropped: what it told comes again.
    """

    def __init__(self, source: aiohttp.StreamReader, kind: str, take: Take, since: int) -> None:
        """Take what the server sends about a kind since a version, and what takes in an object."""
        self._source = source
        self._kind = kind
        self._take = take
        self._since = since
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
        while data := await self._heard():
            *lines, self._rest = (self._rest + data).split(b"\n")
            left = b"".join(self._left(lines))
            if len(data) == AT_ONCE:
                await asyncio.sleep(0)
            if left:
                return left
        return b""

    async def _heard(self) -> bytes:
        try:
            async with asyncio.timeout(SILENCE):
                return await self._source.read(AT_ONCE)
        except TimeoutError as error:
            raise aiohttp.ClientPayloadError(f"a watch has said nothing for {SILENCE} s") from error

    def _left(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Take in the events of some lines; yield how far they have come, or that all is to begin anew."""
        reached = 0
        for line in filter(None, lines):
            told = event(line)
            if told is None or told.version < self._since:
                logger.info("A watch of %s begins anew, as it has said: %r", self._kind, line[:200])
                yield TOO_OLD
                return
            if told.type in EVENTS:
                self._take(self._kind, told.object, deleted=told.type == DELETED)
            reached = told.version
        if reached:
            yield (REACHED % reached).encode()


class Gone(Stream):
    """What is left of a watch whose beginning the server has forgotten."""

    async def _heard(self) -> bytes:
        said, self._said = self._said, b""
        return said

    _said = TOO_OLD


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
        place, query = self._places.get(request.url.path), request.url.query
        if place is not None and "watch" in query and answer.status in (200, GONE):
            stream = Stream if answer.status == 200 else Gone
            kind, _ = place
            answer.content = stream(answer.content, kind.name, self._take, int(query["resourceVersion"]))
            answer.status = 200
        return answer


class Told(NamedTuple):
    """What a line of a watch says."""

    type: str
    object: Object
    version: int


def event(line: bytes) -> Told | None:
    """Return the event that a line tells of, or nothing if it is an error, a page or a part of either."""
    try:
        said = json.loads(line)
        known = said["type"] in EVENTS or said["type"] == BOOKMARK
        return (
            Told(said["type"], said["object"], int(said["object"]["metadata"]["resourceVersion"]))
            if known
            else None
        )
    except (ValueError, LookupError, TypeError):
        return None
