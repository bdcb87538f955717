"""A proxy between the operator and the API server: it passes on what it is asked, or does something else.

It runs in a thread of the tests, with TLS on both sides. What it may do is in `tests/faults/effects.py`.
"""

import asyncio
import contextlib
import dataclasses
import pathlib
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from typing import TypeVar

import aiohttp
from aiohttp import web
from yarl import URL

from hack.cluster import certificates
from hack.cluster.cluster import Cluster

T = TypeVar("T")
LOOPBACK = "127.0.0.1"
BY_THE_CONNECTION = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}
"""Headers that each connection has of its own."""
READS = {"GET", "HEAD"}


@dataclasses.dataclass(frozen=True)
class Call:
    """What the operator asked for."""

    method: str
    path: str
    query: dict[str, str]
    token: str

    def is_any(self) -> bool:
        return True

    def watches(self) -> bool:
        return "watch" in self.query

    def lists(self) -> bool:
        return "limit" in self.query

    def lists_on(self) -> bool:
        return bool(self.query.get("continue"))

    def writes(self) -> bool:
        return self.method not in READS

    def writes_a_status(self) -> bool:
        return self.path.endswith("/status")

    def writes_a_child(self) -> bool:
        return self.writes() and "/formations/" not in self.path and "/events" not in self.path

    def writes_a_deployment(self) -> bool:
        return self.writes() and "/deployments" in self.path

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Exchange:
    """A request that is under way, and what can be done with it."""

    def __init__(self, proxy: "Proxy", call: Call, request: web.Request) -> None:
        self.call = call
        self._proxy = proxy
        self._request = request
        self.limit = 0
        """How many objects a page of a list has, if not as many as it was asked for."""
        self.silent = False
        """Whether the rest of the answer is kept back: nobody is told that there is none."""

    def cut(self) -> web.StreamResponse:
        """Cut the connection."""
        if self._request.transport is not None:
            self._request.transport.abort()
        return web.Response()

    @contextlib.asynccontextmanager
    async def _asked(self) -> AsyncIterator[aiohttp.ClientResponse]:
        url = f"{self._proxy.server}{self._request.rel_url}"
        if self.limit:
            url = str(URL(url).update_query(limit=self.limit))
        headers = {
            name: value
            for name, value in self._request.headers.items()
            if name.lower() not in BY_THE_CONNECTION
        }
        body = await self._request.read()
        ask = self._proxy.upstream.request
        try:
            async with ask(self.call.method, url, data=body or None, headers=headers) as answer:
                if answer.status >= 400:
                    self._proxy.refusals.append(self.call)
                yield answer
        except (aiohttp.ClientError, OSError):
            self._proxy.refusals.append(self.call)
            raise

    async def arrives(self) -> None:
        """Wait for the whole request: whoever has sent it may be gone later."""
        await self._request.read()

    async def ask(self) -> tuple[int, bytes]:
        """Return the API server's whole answer."""
        async with self._asked() as answer:
            return answer.status, await answer.read()

    async def tell(self, text: bytes) -> web.StreamResponse:
        """Begin a watch's stream, say something, and end it."""
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(self._request)
        await response.write(text)
        return response

    async def forward(self, share: float = 1.0) -> web.StreamResponse:
        """Pass the request on, and what comes back, a part of it at a time.

        Of a smaller share, only that of the first part: then the connection is cut.
        """
        try:
            async with self._asked() as answer:
                kept = {k: v for k, v in answer.headers.items() if k.lower() not in BY_THE_CONNECTION}
                response = web.StreamResponse(status=answer.status, headers=kept)
                await response.prepare(self._request)
                async for part in answer.content.iter_any():
                    if not self.silent:
                        await response.write(part[: int(len(part) * share)])
                    if share < 1:
                        return self.cut()
                if self.silent:
                    await asyncio.Future()
                return response
        except (aiohttp.ClientError, OSError):
            return self.cut()  # as it is without a proxy


Effect = Callable[[Exchange], Awaitable[web.StreamResponse]]
"""What answers a request in the API server's place."""
Matcher = Callable[[Call], bool]
Bites = Callable[[], int]
"""Says how often a fault has been met so far."""


@dataclasses.dataclass
class Rule:
    """That something is done to some requests."""

    of: Matcher
    effect: Effect
    times: float
    """To how many of them at most."""
    hits: int = 0


class Proxy:
    """Listens on the loopback interface for as long as it is entered."""

    def __init__(self, cluster: Cluster, folder: pathlib.Path) -> None:
        """Take the cluster to stand before, and a folder for certificates."""
        self._cluster = cluster
        self._folder = folder
        self.server = cluster.server_url
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.ca = self._certify()
        self.url = ""
        self.calls: list[Call] = []
        """Everything that was asked."""
        self.refusals: list[Call] = []
        """What the API server itself didn't do, and what it couldn't be asked for."""
        self._rules: list[Rule] = []
        self._live: set[Exchange] = set()
        self._loop = asyncio.new_event_loop()

    @contextlib.contextmanager
    def open(self) -> Iterator["Proxy"]:
        """Listen."""
        thread = threading.Thread(target=self._loop.run_forever, name="fault proxy", daemon=True)
        thread.start()
        runner = self._run(self._start())
        try:
            yield self
        finally:
            self._run(self._stop(runner))
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    @contextlib.contextmanager
    def having(self, of: Matcher, effect: Effect, times: float = float("inf")) -> Iterator[Rule]:
        """Do something to some requests within, in place of what else would be done to them."""
        rule = Rule(of, effect, times)
        self._rules.insert(0, rule)
        try:
            yield rule
        finally:
            self._rules.remove(rule)

    def cut(self, of: Matcher) -> int:
        """Cut what is under way; return how much that was."""
        return self._to_all(of, lambda exchange: exchange.cut())

    def silence(self, of: Matcher) -> int:
        """Keep back from now on what comes in answer to what is under way; return how much that was."""
        return self._to_all(of, lambda exchange: setattr(exchange, "silent", True))

    def call(self, do: Callable[[], object]) -> None:
        """Do something within the proxy's loop."""
        self._loop.call_soon_threadsafe(do)

    @property
    def writes(self) -> list[Call]:
        """What was written, or was to be."""
        return [call for call in self.calls if call.writes()]

    def _to_all(self, of: Matcher, do: Callable[[Exchange], object]) -> int:
        async def all_of_them() -> int:
            chosen = [exchange for exchange in self._live if of(exchange.call)]
            for exchange in chosen:
                do(exchange)
            return len(chosen)

        return self._run(all_of_them())

    def _run(self, what: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(timeout=30)

    def _certify(self) -> pathlib.Path:
        """Have a certificate of an authority, and return that one's own."""
        authority = certificates.Authority(self._folder, "proxy-ca")
        pair = authority.issue("proxy", "proxy", hosts=(LOOPBACK,))
        self._context.load_cert_chain(pair.certificate, pair.key)
        return authority.pair.certificate

    async def _start(self) -> web.AppRunner:
        trust = ssl.create_default_context(cafile=str(self._cluster.ca))
        self.upstream = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=trust),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        )
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, 0, ssl_context=self._context).start()
        self.url = f"https://{LOOPBACK}:{runner.addresses[0][1]}"
        return runner

    async def _stop(self, runner: web.AppRunner) -> None:
        await runner.cleanup()
        await self.upstream.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        call = Call(request.method, request.path, dict(request.query), token)
        self.calls.append(call)
        exchange = Exchange(self, call, request)
        self._live.add(exchange)
        try:
            for rule in self._rules:
                if rule.hits < rule.times and rule.of(call):
                    rule.hits += 1
                    return await rule.effect(exchange)
            return await exchange.forward()
        finally:
            self._live.discard(exchange)
