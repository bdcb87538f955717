"""The lines of a watch as they come: whole ones, none of them too long, and none after a long silence."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

import aiohttp

from formation_operator.kube.session import paging

AT_ONCE = 2**16
"""Bytes of events that are handed on before others have a turn."""
SILENCE = 70.0
"""Seconds without a line after which a watch is taken as lost: about once a minute the API server sends a
bookmark. Blank lines and parts of one don't count."""
GATHERED = 0.5
"""Seconds for which events that are in no hurry wait for others: each autoscaler has a new status every 15
seconds, and to be woken by it costs more than to read it."""
PILE = 2**18
"""Bytes that may pile up meanwhile: more than the connection holds would be kept from being sent."""


@runtime_checkable
class Buffering(Protocol):
    """A transport that reads on from its connection while nobody reads from it."""

    def set_read_buffer_limits(self, high: int, low: int) -> None:
        """Take the bytes from which on, and down to which, it doesn't."""


class Lines:
    """Reads the lines of a watch from what a server sends."""

    def __init__(
        self, content: aiohttp.StreamReader, *, gathered_in: asyncio.ReadTransport | None = None
    ) -> None:
        """Take the body of an answer. If its lines may wait for others, they do so in its transport."""
        self._content = content
        self._gathered_in = gathered_in
        self._parts: list[bytes] = []
        """What has come of a line that isn't whole yet."""

    async def batches(self) -> AsyncIterator[list[bytes]]:
        """Yield the lines that have come together, until the server ends the watch.

        Raises `ClientPayloadError` if nothing comes for too long, or a line is too long or cut off.
        """
        now = asyncio.get_running_loop().time
        begun, came, said = now(), 0, now()
        while data := await self._read(said + SILENCE):
            came += len(data)
            if lines := [line for line in self._whole(data) if line]:
                said = now()
                yield lines
            if len(data) == AT_ONCE:
                await asyncio.sleep(0)
            elif self._gathered_in is not None:
                seconds = gathering(came, now() - begun)
                begun, came = now(), 0  # what comes during the pause is what the next one is judged by
                await self._gather(self._gathered_in, seconds)
        if any(self._parts):
            raise aiohttp.ClientPayloadError(f"cut off after {b''.join(self._parts)[:100]!r}")

    def _whole(self, data: bytes) -> list[bytes]:
        """Return the lines that are whole by now."""
        first, *others = data.split(b"\n")
        self._parts.append(first)
        if sum(map(len, self._parts)) > paging.MOST_OF_ONE:
            raise aiohttp.ClientPayloadError(f"a line has more than {paging.MOST_OF_ONE} bytes")
        if not others:
            return []
        lines = [b"".join(self._parts), *others]
        self._parts = [lines.pop()]
        return lines

    async def _gather(self, transport: asyncio.ReadTransport, seconds: float) -> None:
        transport.pause_reading()
        await asyncio.sleep(seconds)
        with contextlib.suppress(RuntimeError):  # it was closed meanwhile
            transport.resume_reading()

    async def _read(self, until: float) -> bytes:
        try:
            async with asyncio.timeout_at(until):
                return await self._content.read(AT_ONCE)
        except TimeoutError as error:
            raise aiohttp.ClientPayloadError(f"no line came for {SILENCE} s") from error


def gathering(came: int, seconds: float) -> float:
    """Return for how many seconds events may wait for others, where so many bytes came in so many seconds."""
    return min(GATHERED, seconds * PILE / max(1, came))


def transport_of(answer: aiohttp.ClientResponse) -> asyncio.ReadTransport | None:
    """Return what an answer is read from; what comes while nobody reads stays on the connection."""
    if answer.connection is None:
        return None
    transport = answer.connection.transport
    # TLS would read on until much has piled up, and wake us for each event.
    if isinstance(transport, Buffering):
        transport.set_read_buffer_limits(high=1, low=0)
    return transport
