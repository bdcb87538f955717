"""A server on the loopback interface that answers whatever it is asked for."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

HOST = "127.0.0.1"


@contextlib.asynccontextmanager
async def answering(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]], context: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Answer at an address, over TLS if there is a context for it."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0, ssl_context=context).start()
    try:
        yield f"{'https' if context else 'http'}://{HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def never_whole(status: int = 200) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Begin answers at an address, and end none; yield what is set when a connection is closed, too."""
    closed = asyncio.Event()

    async def begin(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(status=status)
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b" ")
                await asyncio.sleep(0.01)
        finally:
            closed.set()

    async with answering(begin) as url:
        yield url, closed
