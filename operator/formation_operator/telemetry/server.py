"""Answers over HTTP: metrics, and whether the operator lives and is ready."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
READY, METRICS = "/readyz", "/metrics"
LAST_SECONDS = 1.0
"""For how long an answer under way may take at the end."""
CACHED_SECONDS = 1.0
"""For how many seconds metrics that were counted are given again."""
OPEN = "application/openmetrics-text"
"""The format that has to be asked for. Its version is one of those that Prometheus asks for, ever the same:
whoever asks chooses a version, and could have each counted anew."""


class Address(NamedTuple):
    """Where to listen."""

    host: str | None
    """None is every address, of IPv4 and of IPv6 if the kernel has it: kubelet asks at a Pod's first one."""
    port: int


def address(text: str) -> Address:
    """Return the address of ``HOST:PORT`` or a URL; no host is every address. Raises `ValueError`."""
    parts = urlsplit(text if "//" in text else f"//{text}")
    if not parts.port:
        raise ValueError(f"{text!r} isn't HOST:PORT")
    return Address(parts.hostname, parts.port)


class Answering:
    """Answers until it is closed."""

    def __init__(self) -> None:
        """Answer nothing yet."""
        self._runners: list[web.AppRunner] = []

    async def health(self, url: str | None, ended: Callable[[], str], unready: Callable[[], str]) -> None:
        """Answer at the path of a URL whether the operator lives, and at ``/readyz`` whether it is ready.

        Both are asked for what is wrong. Raises `OSError` if nobody can listen there.
        """
        if url:
            await self._serve(address(url), {urlsplit(url).path or "/": probe(ended), READY: probe(unready)})

    async def metrics(self, where: tuple[str | None, int] | None, registry: CollectorRegistry) -> None:
        """Serve the metrics of a registry at a host and port; raise `OSError` if nobody can listen there."""
        if where:
            await self._serve(Address(*where), {METRICS: exposition(registry)})

    async def _serve(self, where: Address, handlers: Mapping[str, Handler]) -> None:
        app = web.Application()
        app.add_routes([web.get(path, handler) for path, handler in handlers.items()])
        runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=LAST_SECONDS)
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, where.host, where.port).start()

    async def close(self) -> None:
        """End."""
        for runner in self._runners:
            await runner.cleanup()


def probe(trouble: Callable[[], str]) -> Handler:
    """Return what answers 200, or 503 with what is wrong."""

    async def answer(_: web.Request) -> web.StreamResponse:
        wrong = trouble()
        return web.Response(status=503 if wrong else 200, text=f"{wrong or 'ok'}\n")

    return answer


def exposition(registry: CollectorRegistry) -> Handler:
    """Return what answers with the metrics, in the format that is asked for.

    Thousands of Formations take a while to be counted: in a thread, so that passes go on, and once at a time.
    Every Pod may ask, and nobody knows how often: what was counted is good for a second, in each of the two
    formats.
    """
    counting, now = asyncio.Lock(), asyncio.get_running_loop().time
    counted: dict[str, tuple[float, bytes]] = {}
    """By format: when that was, and what was said."""

    async def answer(request: web.Request) -> web.StreamResponse:
        encode, content_type = choose_encoder(OPEN if OPEN in request.headers.get("Accept", "") else "")
        async with counting:
            if content_type not in counted or now() > counted[content_type][0] + CACHED_SECONDS:
                text = await asyncio.to_thread(encode, registry)
                counted[content_type] = now(), text
            _, text = counted[content_type]
        return web.Response(body=text, headers={"Content-Type": content_type})

    return answer
