"""Watches of which kopf hears only how far they have come, and that end as lost or as too old at the worst.

kopf takes each event through queues, tasks and handlers, which costs far more than to read it. So events are
taken in here, and kopf is told the version that was reached, as by a bookmark of the API server's own.

And kopf goes on after a lost connection, or when it began too long ago. Anything else that comes instead of a
watch, or in the middle of one, ends it, and the process with it: a server that is ill for a minute, a status
that isn't known there, a line that was cut short.
"""

import asyncio
import collections
import functools
import json
import math
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any, Protocol, cast, runtime_checkable

import aiohttp

from formation_operator.kube import answers, errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.session import paging
from formation_operator.kube.watches.lines import BOOKMARK, Line

Place = tuple[kinds.Kind, str | None]
"""A kind in a namespace, or in all."""
Take = Callable[[str, Line], None]
"""Takes in an event of a kind; may raise `ValueError`, as the line does."""
Heard = Callable[[str, str | None], None]
"""Is told whenever a watch of a kind in a namespace, or in all, tells anything, be it no news."""
AT_ONCE = 2**16
"""Bytes of events that are taken in before others have a turn."""
SILENCE = 70.0
"""Seconds without a line after which a watch is taken as lost: about once a minute the API server sends a
bookmark. Blank lines and parts of one don't count."""
TOLD = 1.0
"""Seconds from one word to kopf of how far a watch has come to the next: what it doesn't know when the watch
is lost is told again, and dropped unread."""
FIRST, MOST = 1.0, 5.0
"""Seconds from one watch of a place to the next: as a rule, and where they go on failing."""
GATHERED = 0.5
"""Seconds for which the events of autoscalers wait for others: each has a new status every 15 seconds, and to
be woken by it costs more than to read it."""
PILE = 2**18
"""Bytes that may pile up meanwhile: more than the connection holds would be kept from being sent."""
FORBIDDEN = 403
FRESH = 2
"""How many watches in a row that are forbidden lead to a list."""
REFUSED = FORBIDDEN, 404
GONE = 410
TOO_OLD = json.dumps({"type": "ERROR", "object": {"kind": "Status", "code": GONE}}).encode() + b"\n"
"""What has kopf begin anew, with a list."""
REACHED = '{"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "%d"}}}\n'


@runtime_checkable
class Buffering(Protocol):
    """A transport that reads on from its connection while nobody reads from it."""

    def set_read_buffer_limits(self, high: int, low: int) -> None:
        """Take the bytes from which on, and down to which, it doesn't."""


class Lines:
    """What the server sends, but that who reads it in chunks gets only how far its events have come."""

    def __init__(
        self,
        content: aiohttp.StreamReader,
        take: Callable[[Line], None],
        since: int | None,
        gathered_in: asyncio.ReadTransport | None,
        heard: Callable[[], None] = lambda: None,
    ) -> None:
        """Take what the server sends since a version, and what takes in an event.

        Without a version the watch is too old, and none is read. If events may wait for others, they do so in
        a transport.
        """
        self._content = content
        self._gathered_in = gathered_in
        self._heard = heard
        self._take = take
        self._since = since

    def __getattr__(self, name: str) -> Any:
        """Return what the client itself asks of it."""
        return getattr(self._content, name)

    async def iter_chunked(self, _: int) -> AsyncIterator[bytes]:
        """Take in lines as they come, and yield how far that is; raise `ClientError` where one is cut off."""
        if self._since is None:
            yield TOO_OLD
            return
        parts: list[bytes] = []
        now = asyncio.get_running_loop().time
        begun, came = now(), 0
        heard, size = now(), 0
        reached, told = b"", -math.inf
        while data := await self._read(AT_ONCE, heard + SILENCE):
            came += len(data)
            first, *others = data.split(b"\n")
            parts.append(first)
            size += len(first)
            if size > paging.MOST_OF_ONE:
                yield reached + TOO_OLD
                return
            if others:
                lines = [b"".join(parts), *others]
                parts = [lines.pop()]
                size = len(parts[0])
                if any(lines):
                    heard = now()
                    self._heard()
                reached = self._taken(filter(None, lines), self._since) or reached
                if reached.endswith(TOO_OLD) or now() >= told + TOLD:
                    yield reached
                    reached, told = b"", now()
            if len(data) == AT_ONCE:
                await asyncio.sleep(0)
            elif self._gathered_in is not None:
                pause = gathering(came, now() - begun)
                begun, came = now(), 0
                self._gathered_in.pause_reading()
                await asyncio.sleep(pause)
                self._gathered_in.resume_reading()
        yield reached
        if rest := b"".join(parts):
            raise aiohttp.ClientPayloadError(f"cut off after {rest[:100]!r}")

    def _taken(self, lines: Iterable[bytes], since: int) -> bytes:
        """Take in events; return how far they have come, and that it is over if one isn't what a watch says.

        It may be an error, a page of some proxy's, or cut off. What is from before the beginning of the watch
        is of a cluster that was restored.
        """
        reached = ""
        try:
            for text in lines:
                line = Line(text)
                if line.version < since:
                    return TOO_OLD
                if line.type != BOOKMARK:
                    self._take(line)
                reached = REACHED % line.version
        except (ValueError, LookupError, TypeError):
            return reached.encode() + TOO_OLD
        return reached.encode()

    async def _read(self, size: int, until: float) -> bytes:
        try:
            async with asyncio.timeout_at(until):
                return await self._content.read(size)
        except TimeoutError as error:
            raise aiohttp.ClientPayloadError(f"no line came for {SILENCE} s") from error


class Streams:
    """Middleware of a client's session: takes in what watches tell, which fail in two ways, and seldom."""

    def __init__(self, places: Mapping[str, Place], take: Take, heard: Heard = lambda *_: None) -> None:
        """Take the places that are watched, by their paths, what takes in their events, and who hears."""
        self._places = places
        self._heard = heard
        self._take = take
        self._begun: dict[str, tuple[float, float]] = {}
        """By path: when the latest watch began, and the pause before it, in seconds."""
        self._away: set[str] = set()
        """The paths of which the latest watch couldn't begin."""
        self._refused: collections.Counter[str] = collections.Counter()
        """By path: how many watches in a row were forbidden up to the latest one."""

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request; if it is for a watch, see to its answer."""
        place = self._places.get(request.url.path)
        if place is None or "watch" not in request.url.query:
            return await send(request)
        kind, namespace = place
        path, since = request.url.path, int(request.url.query.get("resourceVersion", "0"))
        await self._wait_for_turn(path)
        was_away = path in self._away
        self._away.add(path)  # unless it begins
        try:
            async with asyncio.timeout(SILENCE):
                is_restored = was_away and await latest_version(request, send, kind) < since
                answer = await send(request)
        except (aiohttp.ClientError, errors.ClusterError, OSError, ValueError) as error:
            raise lost(request, repr(error)) from error
        # A kind that may be absent is listed anew: that waits for it, and is enough if watching is forbidden.
        # So is a namespace that begins to refuse: the list finds out whether to leave it out.
        listed = kind.optional or (self._is_newly_refused(path, answer.status) and namespace)
        if answer.status not in (200, GONE) and not listed:
            answer.close()
            raise lost(request, f"HTTP {answer.status}")
        self._away.discard(path)
        lines = Lines(
            answer.content,
            functools.partial(self._take, kind.name),
            since if answer.status == 200 and not is_restored else None,
            transport_of(answer) if kind.name in kinds.AUTOSCALERS else None,
            functools.partial(self._heard, kind.name, namespace),
        )
        answer.content, answer.status = cast("aiohttp.StreamReader", lines), 200
        return answer

    def _is_newly_refused(self, path: str, status: int) -> bool:
        """Note whether a watch was forbidden; tell whether it was, and not for long yet.

        The second one in a row counts, too: what the first led to may have been a list from before it.
        """
        self._refused[path] = self._refused[path] + 1 if status == FORBIDDEN else 0
        return 0 < self._refused[path] <= FRESH

    async def _wait_for_turn(self, path: str) -> None:
        now = asyncio.get_running_loop().time()
        begun, pause = self._begun.get(path, (-math.inf, FIRST))
        pause = FIRST if now > begun + 2 * pause else min(2 * pause, MOST)
        await asyncio.sleep(begun + pause - now)
        self._begun[path] = max(now, begun + pause), pause


def gathering(came: int, seconds: float) -> float:
    """Return for how many seconds events may wait for others, where so many bytes came in so many seconds."""
    return min(GATHERED, seconds * PILE / max(1, came))


def transport_of(answer: aiohttp.ClientResponse) -> asyncio.ReadTransport | None:
    """Return what an answer is read from; what comes while it isn't read stays on the connection."""
    if answer.connection is None:
        return None
    transport = answer.connection.transport
    # TLS would read on until much has piled up, and wake us for each event.
    if isinstance(transport, Buffering):
        transport.set_read_buffer_limits(high=1, low=0)
    return transport


async def latest_version(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType, kind: kinds.Kind
) -> float:
    """Return how far the place has come of which a request is to watch a kind, by a list of one object.

    Who watches a cluster that was restored from a backup from where it had been hears nothing until the
    cluster has come as far again, and then nothing of what is different.

    Where a list is refused, whether the watch is, too, says what is the matter. Raises what sending does, and
    `ClusterError` or `ValueError` for any other answer that is no list.
    """
    watch, request.url = request.url, request.url.with_query(limit="1")
    try:
        async with await send(request) as answer:
            if answer.status in REFUSED:
                return math.inf
            _, version, _ = answers.listed(answers.parsed(await answer.read()), kind.name, watch.path)
            return int(version)
    finally:
        request.url = watch


def lost(request: aiohttp.ClientRequest, why: str) -> aiohttp.ClientConnectionError:
    """Return the error after which kopf watches on from where it was."""
    return aiohttp.ClientConnectionError(f"{request.url.path}: {why}")
