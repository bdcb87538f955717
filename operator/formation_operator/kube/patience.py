"""A server that asks to be left alone for a while is left alone: by each request: all are counted together.

A request that is held back until it times out has failed like any other, and is tried again later.
"""

import asyncio

import aiohttp

STATUSES = {429, 503}
LONGEST = 60.0
"""The longest time in seconds that a server may ask for."""


class Patience:
    """Middleware of a client's session: waits as long as the server wants."""

    def __init__(self) -> None:
        self._until = 0.0
        """By the loop's clock."""

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request when the server may be asked."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._until - loop.time())
        answer = await send(request)
        if answer.status in STATUSES:
            self._until = max(self._until, loop.time() + wish(answer))
        return answer


def wish(answer: aiohttp.ClientResponse) -> float:
    """Return for how many seconds the server wants to be left alone. A date is none: nobody sends that.

    Source: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    """
    text = answer.headers.get("Retry-After", "")
    return min(float(text), LONGEST) if text.isascii() and text.isdigit() else 0.0
