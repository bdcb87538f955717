"""The lines of a watch as they come: whole ones, none of them too long, and none after a long silence."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

import aiohttp

from formation_operator.kube.session import paging

READ_BYTES = 2**16
"""Bytes of events that are handed on before others have a turn."""
SILENCE = 70.0
"""Seconds without a line after which a watch counts as lost: about once a minute the API server sends a
bookmark. Blank lines and parts of a line don't count."""
GATHERED = 0.5
"""Seconds that events which aren't urgent wait for others: each autoscaler has a new status every 15
seconds, and to wake up for it costs more than to read it."""
PILE = 2**18
"""Bytes that may pile up meanwhile: the connection holds no more, and the server would wait to send."""


@runtime_checkable
class Buffering(Protocol):
    """A transport that reads on from its connection while nobody reads from it."""

    def set_read_buffer_limits(self, high: int, low: int) -> None:
        """Stop reading above ``high`` bytes, until less than ``low`` remain."""


class Lines:
    """Reads the lines of a watch from what a server sends."""

    def __init__(
        self, content: aiohttp.StreamReader, *, gathered_in: asyncio.ReadTransport | None = None
    ) -> None:
        """Take the body of an answer. If its lines may wait for others, they do so in its transport."""
        self._content = content
        self._gathered_in = gathered_in

    async def batches(self) -> AsyncIterator[list[bytes]]:
        """Yield the lines that have come together, until the server ends the watch.

        Raises `ClientPayloadError` if nothing comes for too long, or a line is too long or cut off.
        """
        now = asyncio.get_running_loop().time
        begun, came, last, rest = now(), 0, now(), b""
        while data := await self._read(last + SILENCE):
            came += len(data)
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) > paging.MOST_OF_ONE:
                raise aiohttp.ClientPayloadError(f"a line has more than {paging.MOST_OF_ONE} bytes")
            if any(lines):
                last = now()
                yield [line for line in lines if line]
            if len(data) == READ_BYTES:
                await asyncio.sleep(0)
            elif self._gathered_in is not None:
                seconds = gathering(came, now() - begun)
                begun, came = now(), 0  # what comes during the pause is what the next one is judged by
                await gather(self._gathered_in, seconds)
        if rest:
            raise aiohttp.ClientPayloadError(f"cut off after {rest[:100]!r}")

    async def _read(self, until: float) -> bytes:
        try:
            async with asyncio.timeout_at(until):
                return await self._content.read(READ_BYTES)
        except TimeoutError as error:
            raise aiohttp.ClientPayloadError(f"no line came for {SILENCE} s") from error


async def gather(transport: asyncio.ReadTransport, seconds: float) -> None:
    """Have events wait on their connection."""
    transport.pause_reading()
    await asyncio.sleep(seconds)
    with contextlib.suppress(RuntimeError):  # it was closed meanwhile
        transport.resume_reading()


def gathering(came: int, seconds: float) -> float:
    """Return for how long events may wait for others, given the bytes that came in the last seconds."""
    return min(GATHERED, seconds * PILE / max(1, came))


def transport_of(answer: aiohttp.ClientResponse) -> asyncio.ReadTransport | None:
    """Return the transport of an answer, set up so that what isn't read stays on the connection."""
    if answer.connection is None:
        return None
    transport = answer.connection.transport
    # TLS would read on until much has piled up, and wake us for each event.
    if isinstance(transport, Buffering):
        transport.set_read_buffer_limits(high=1, low=0)
    return transport
