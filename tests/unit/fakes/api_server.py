"""An API server on the loopback interface, for tests of what goes over the network.

It lists what it was given, page by page; its watches stay silent.
"""

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

from aiohttp import web

from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Object

VERSION = "100"
"""The version of every list."""
KINDS = {**{kind.plural: kind for kind in kinds.BY_NAME.values()}}
OF_KOPF = {"namespaces": ("", "v1"), "customresourcedefinitions": ("apiextensions.k8s.io", "v1")}
"""What kopf looks for before it watches anything."""


class ApiServer:
    """Serves lists of objects by their kind's plural."""

    def __init__(self, **objects: list[Object]) -> None:
        self.objects = {
            kind: [json.dumps(_known(each)).encode() for each in those] for kind, those in objects.items()
        }
        self.asked: list[dict[str, str]] = []
        """The query of each request for a list."""
        self.url = ""

    @contextlib.asynccontextmanager
    async def running(self, keepalive: float = 0.1) -> AsyncIterator["ApiServer"]:
        """Serve on a free port of the loopback interface, and close what nobody uses for some seconds."""
        app = web.Application()
        self.routes(app.router)
        for path in ("/{api:api}", "/{api:apis}", "/{api:api}/{version}", "/{api:apis}/{group}/{version}"):
            app.router.add_get(path, self._discovered)
        app.router.add_get("/{path:.*}/{plural}", self._listed)
        # Nothing of it outlives its client: kopf ends once all has ended that goes on in its loop.
        runner = web.AppRunner(
            app, shutdown_timeout=0.1, keepalive_timeout=keepalive, handler_cancellation=True
        )
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    def routes(self, router: web.UrlDispatcher) -> None:
        """Serve more than lists."""

    @contextlib.contextmanager
    def in_a_thread(self) -> Iterator["ApiServer"]:
        """Serve meanwhile, though whoever asks be busy."""
        ended, loop = asyncio.Event(), asyncio.new_event_loop()
        begun = threading.Event()

        async def serve() -> None:
            async with self.running(keepalive=600):  # whoever is busy uses it again
                begun.set()
                await ended.wait()

        thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
        thread.start()
        begun.wait()
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(ended.set)
            thread.join()
            loop.close()

    async def _discovered(self, request: web.Request) -> web.Response:
        served = {**{name: (kind.group, kind.version) for name, kind in KINDS.items()}, **OF_KOPF}
        about = request.match_info
        if "version" in about:
            place = about.get("group", ""), about["version"]
            there = [_resource(name) for name, its_place in served.items() if its_place == place]
            return web.json_response({"resources": there})
        groups = [_group(*place) for place in sorted({*served.values()}) if place[0]]
        return web.json_response({"versions": ["v1"]} if about["api"] == "api" else {"groups": groups})

    async def _listed(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        if "watch" in request.query:
            await asyncio.sleep(60)
            return response
        self.asked.append(dict(request.query))
        with contextlib.suppress(ConnectionError):  # a page that is too large isn't read to its end
            for part in self._page(request.match_info["plural"], request.query):
                await response.write(part)
        return response

    def _page(self, plural: str, query: Any) -> Iterator[bytes]:
        objects = self.objects.get(plural, [])
        start = int(query.get("continue") or 0)
        end = min(len(objects), start + int(query["limit"]))
        more = str(end) if end < len(objects) else ""
        metadata = json.dumps({"resourceVersion": VERSION, "continue": more})
        yield f'{{"kind": "{KINDS[plural].name}List", "metadata": {metadata}, "items": ['.encode()
        for number in range(start, end):
            yield (b"," if number > start else b"") + objects[number]
        yield b"]}"


def _known(raw: Object) -> Object:
    """Return an object with all that the API server gives to each."""
    known = {"namespace": "default", "name": "a", "uid": "5e-0f", "resourceVersion": "1"}
    return {**raw, "metadata": {**known, **raw.get("metadata", {})}}


def _resource(plural: str) -> dict[str, Any]:
    verbs = ["list", "watch", "patch"]
    return {"name": plural, "kind": plural.title(), "singularName": "", "namespaced": True, "verbs": verbs}


def _group(name: str, version: str) -> dict[str, Any]:
    versions = [{"version": version, "groupVersion": f"{name}/{version}"}]
    return {"name": name, "preferredVersion": versions[0], "versions": versions}
