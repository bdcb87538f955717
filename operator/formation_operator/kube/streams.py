"""Watches that end in no other way than a lost connection, or as too old: kopf goes on after these two.

Anything else that comes instead of a watch, or in the middle of one, ends kopf, and the process with it: a
server that is ill for a minute, a status that isn't known there, a line that was cut short.
"""

import asyncio
import json
import math
from collections.abc import AsyncIterator
from typing import Any, cast

import aiohttp

SILENCE = 70.0
"""Seconds without a word after which a watch is taken as lost: about once a minute the API server sends a
bookmark."""
FIRST, MOST = 1.0, 5.0
"""Seconds from one watch of a place to the next: as a rule, and where they go on failing."""
GONE = 410
TOO_OLD = json.dumps({"type": "ERROR", "object": {"kind": "Status", "code": GONE}}).encode() + b"\n"
"""What has kopf begin anew, with a list."""
TYPES = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK"}


class Lines:
    """What the server sends, but that who reads it in chunks gets whole lines, and only what a watch says."""

    def __init__(self, content: aiohttp.StreamReader, since: int | None) -> None:
        """Take what the server sends since a version; of a watch that is too old (none), it is not read."""
        self._content = content
        self._since = since

    def __getattr__(self, name: str) -> Any:
        """Return what the client itself asks of it."""
        return getattr(self._content, name)

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        """Yield the lines, read so many bytes at once; raise `ClientError` where they are cut off."""
        if self._since is None:
            yield TOO_OLD
            return
        rest = b""
        while data := await self._read(size):
            *lines, rest = (rest + data).split(b"\n")
            for line in filter(None, lines):
                yield line + b"\n" if is_event(line, self._since) else TOO_OLD
        if rest:
            raise aiohttp.ClientPayloadError(f"cut off after {rest[:100]!r}")

    async def _read(self, size: int) -> bytes:
        try:
            async with asyncio.timeout(SILENCE):
                return await self._content.read(size)
        except TimeoutError as error:
            raise aiohttp.ClientPayloadError(f"nothing came for {SILENCE} s") from error


class Streams:
    """Middleware of a client's session: makes watches fail in the two ways only, and seldom enough."""

    def __init__(self) -> None:
        self._begun: dict[str, tuple[float, float]] = {}
        """By path: when the latest watch began, and the pause before it, in seconds."""

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request; if it is for a watch, see to its answer."""
        if "watch" not in request.url.query:
            return await send(request)
        await self._wait_for_turn(request.url.path)
        try:
            async with asyncio.timeout(SILENCE):
                answer = await send(request)
        except (aiohttp.ClientError, OSError) as error:
            raise lost(request, repr(error)) from error
        if answer.status not in (200, GONE):
            answer.close()
            raise lost(request, f"HTTP {answer.status}")
        lines = Lines(answer.content, None if answer.status == GONE else since(request))
        answer.content, answer.status = cast("aiohttp.StreamReader", lines), 200
        return answer

    async def _wait_for_turn(self, path: str) -> None:
        now = asyncio.get_running_loop().time()
        begun, pause = self._begun.get(path, (-math.inf, FIRST))
        pause = FIRST if now > begun + 2 * pause else min(2 * pause, MOST)
        await asyncio.sleep(begun + pause - now)
        self._begun[path] = max(now, begun + pause), pause


def since(request: aiohttp.ClientRequest) -> int:
    """Return the version that a watch begins at."""
    version = request.url.query.get("resourceVersion", "")
    return int(version) if version.isdecimal() else 0


def is_event(line: bytes, since: int) -> bool:
    """Tell whether a line is an event of an object since a version.

    It may be an error, some proxy's page or a part of one. And what is older than the watch's beginning is of
    a cluster that was restored.
    """
    try:
        event = json.loads(line)
        return event["type"] in TYPES and int(event["object"]["metadata"]["resourceVersion"]) >= since
    except (ValueError, LookupError, TypeError):
        return False


def lost(request: aiohttp.ClientRequest, why: str) -> aiohttp.ClientConnectionError:
    """Return the error after which kopf watches on from where it was."""
    return aiohttp.ClientConnectionError(f"{request.url.path}: {why}")
