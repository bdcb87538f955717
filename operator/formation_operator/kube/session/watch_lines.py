"""The lines of a watch, with bounds on their length and on the time without any."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp

from formation_operator.kube.session import paging

READ_BYTES = 2**16
"""Bytes of events after which this yields to other tasks."""
SILENCE = 70.0
"""Seconds without a complete line after which a watch counts as lost: the API server sends a bookmark about
once a minute."""


async def batches(content: aiohttp.StreamReader) -> AsyncIterator[list[bytes]]:
    """Yield batches of complete lines of an answer's body, until the server ends the watch.

    Raises `ClientPayloadError` if nothing comes for too long, or a line is too long or cut off.
    """
    now = asyncio.get_running_loop().time
    last, rest = now(), b""
    while data := await _read(content, last + SILENCE):
        *lines, rest = (rest + data).split(b"\n")
        if len(rest) > paging.MOST_OF_ONE:
            raise aiohttp.ClientPayloadError(f"a line has more than {paging.MOST_OF_ONE} bytes")
        if any(lines):
            last = now()
            yield [line for line in lines if line]
        if len(data) == READ_BYTES:
            await asyncio.sleep(0)
    if rest:
        raise aiohttp.ClientPayloadError(f"cut off after {rest[:100]!r}")


async def _read(content: aiohttp.StreamReader, until: float) -> bytes:
    try:
        async with asyncio.timeout_at(until):
            return await content.read(READ_BYTES)
    except TimeoutError as error:
        raise aiohttp.ClientPayloadError(f"no line came for {SILENCE} s") from error
