"""A watch that is refused is a lost connection to kopf, which then tries again: all else ends the process.

That the server has forgotten where a watch is to begin (410) is another matter: `streams` has it begin anew.
"""

import asyncio
import math

import aiohttp

PATIENCE = 30.0
"""Seconds within which a watch begins to be answered, or is lost."""
FIRST, MOST = 1.0, 5.0
"""Seconds from one watch of a place to the next: as a rule, and where they go on failing."""


class Refusals:
    """Middleware of a client's session: makes watches fail in a way that kopf knows, and seldom enough."""

    def __init__(self) -> None:
        self._begun: dict[str, tuple[float, float]] = {}
        """By path: when the latest watch began, and the pause before it, in seconds."""

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request; if it is for a watch, when its turn has come."""
        if "watch" not in request.url.query:
            return await send(request)
        await self._wait_for_turn(request.url.path)
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await send(request)
        except (aiohttp.ClientError, OSError) as error:
            raise lost(request, repr(error)) from error
        if answer.status != 200:
            answer.close()
            raise lost(request, f"HTTP {answer.status}")
        return answer

    async def _wait_for_turn(self, path: str) -> None:
        now = asyncio.get_running_loop().time()
        begun, pause = self._begun.get(path, (-math.inf, FIRST))
        pause = FIRST if now > begun + 2 * pause else min(2 * pause, MOST)
        await asyncio.sleep(begun + pause - now)
        self._begun[path] = max(now, begun + pause), pause


def lost(request: aiohttp.ClientRequest, why: str) -> aiohttp.ClientConnectionError:
    """Return the error after which kopf watches on from where it was."""
    return aiohttp.ClientConnectionError(f"{request.url.path}: {why}")
