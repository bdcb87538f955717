"""The lines of a watch, with bounds on their length and on the time without any."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aiohttp

from formation_operator.kube.session import paging

READ_BYTES = 2**16
"""Bytes of events after which this yields to other tasks."""
SILENCE = 70.0
"""Seconds without a complete line after which a watch counts as lost: the API server sends a bookmark about
once a minute."""
GATHERED = 0.5
"""Seconds for which events that aren't urgent are gathered: each autoscaler gets a new status every 15
seconds, and waking up for it costs more than reading it."""
PILE = 2**18
"""Bytes that may be gathered: the connection buffers no more, and then the server couldn't send."""


async def batches(
    content: aiohttp.StreamReader, *, gathered_in: asyncio.ReadTransport | None = None
) -> AsyncIterator[list[bytes]]:
    """Yield batches of complete lines of an answer's body, until the server ends the watch.

    They are gathered in a transport if it is given. Raises `ClientPayloadError` if nothing comes for too
    long, or a line is too long or cut off.
    """
    now = asyncio.get_running_loop().time
    started, came, last, rest = now(), 0, now(), b""
    while data := await _read(content, last + SILENCE):
        came += len(data)
        *lines, rest = (rest + data).split(b"\n")
        if len(rest) > paging.MOST_OF_ONE:
            raise aiohttp.ClientPayloadError(f"a line has more than {paging.MOST_OF_ONE} bytes")
        if any(lines):
            last = now()
            yield [line for line in lines if line]
        if len(data) == READ_BYTES:
            await asyncio.sleep(0)
        elif gathered_in is not None:
            seconds = gathering(came, now() - started)
            started, came = now(), 0  # the bytes that come during a pause determine the next one
            await gather(gathered_in, seconds)
    if rest:
        raise aiohttp.ClientPayloadError(f"cut off after {rest[:100]!r}")


async def _read(content: aiohttp.StreamReader, until: float) -> bytes:
    try:
        async with asyncio.timeout_at(until):
            return await content.read(READ_BYTES)
    except TimeoutError as error:
        raise aiohttp.ClientPayloadError(f"no line came for {SILENCE} s") from error


async def gather(transport: asyncio.ReadTransport, seconds: float) -> None:
    """Let events gather on their connection for a time."""
    transport.pause_reading()
    await asyncio.sleep(seconds)
    with contextlib.suppress(RuntimeError):  # it was closed meanwhile
        transport.resume_reading()


def gathering(came: int, seconds: float) -> float:
    """Return for how many seconds events may be gathered, given the bytes that came in the last seconds."""
    return min(GATHERED, seconds * PILE / max(1, came))


def transport_of(answer: aiohttp.ClientResponse) -> asyncio.ReadTransport | None:
    """Return the transport of an answer, set so that unread bytes stay on the connection."""
    transport = answer.connection.transport if answer.connection is not None else None
    # TLS would buffer much, and wake us for each event.
    if (limit := getattr(transport, "set_read_buffer_limits", None)) is not None:
        limit(high=1, low=0)
    return transport
