"""A cluster in memory behind an API server on the loopback interface, whose watches say what happens."""

import asyncio
import collections
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, NamedTuple, Self

from aiohttp import web

from formation_operator.api import naming
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Object
from formation_operator.kube.session import connection
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.managed_fields import Owner

KINDS = {**{kind.plural: kind for kind in kinds.BY_NAME.values()}}
OF_KOPF = {"namespaces": ("", "v1"), "customresourcedefinitions": ("apiextensions.k8s.io", "v1")}
"""What kopf looks for before it watches anything."""
GONE = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}
CODES = {errors.NotFoundError: 404, errors.ConflictError: 409, errors.InvalidError: 422}
Trouble = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Said(NamedTuple):
    """A change, as every watch of it says it."""

    kind: str
    namespace: str
    version: int
    text: bytes


class LiveApiServer:
    """Serves what is in a cluster, takes writes, and says what happens."""

    def __init__(self, cluster: FakeCluster) -> None:
        self.url = ""
        self.cluster = cluster
        self.asked: list[dict[str, str]] = []
        """The query of each request for a list."""
        self.lists: collections.Counter[str] = collections.Counter()
        """How often each kind was listed, by its plural; of a namespace by ``namespace/plural``."""
        self.watches: collections.Counter[str] = collections.Counter()
        """How many watches there are now, called alike."""
        self.refusals: dict[str, int] = {}
        """The HTTP status with which lists are refused, by plural or by place."""
        self.absent: set[str] = set()
        """Plurals of kinds that aren't installed."""
        self.list_troubles: list[Trouble] = []
        """What answers kopf's next lists in the server's place; the last one is the next."""
        self.watch_troubles: list[Trouble] = []
        """What answers kopf's next watches."""
        self.watched: collections.Counter[str] = collections.Counter()
        """How many watches were asked for, by plural."""
        self.watch_seconds: dict[str, int] = {}
        """After how many seconds the last watch of a kind wants to be ended, by plural."""
        self.written: list[tuple[str, str, str]] = []
        """Of each write the method, the path and who wrote."""
        self.undiscovered = 0
        """How often discovery doesn't have our kind yet."""
        self.instead: dict[bytes, bytes] = {}
        """What is sent in place of other JSON: what no encoder writes."""
        self._history: list[Said] = []
        self._oldest: collections.Counter[str] = collections.Counter()
        self._cut: collections.Counter[str] = collections.Counter()
        self._changed = asyncio.Condition()
        cluster.watchers.append(self._happened)

    async def expire(self, kind: str) -> None:
        """Forget what has happened to a kind: a watch that hasn't said all of it is too old."""
        async with self._changed:
            self._oldest[kind] = self.cluster.version
            self._changed.notify_all()

    async def cut(self, kind: str) -> None:
        """End the watches of a kind."""
        async with self._changed:
            self._cut[kind] += 1
            self._changed.notify_all()

    async def publish(self) -> None:
        """Have the watches say what has happened."""
        async with self._changed:
            self._changed.notify_all()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Serve on a free port of the loopback interface, and close what nobody uses for some seconds."""
        app = web.Application()
        place = "/{path:.*}/namespaces/{namespace}/{plural}"
        app.router.add_get(f"{place}/{{name}}", self._got)
        for path in (f"{place}/{{name}}", f"{place}/{{name}}/{{sub:status}}"):
            app.router.add_patch(path, self._patched)
        app.router.add_post(place, self._posted)
        for path in ("/{api:api}", "/{api:apis}", "/{api:api}/{version}", "/{api:apis}/{group}/{version}"):
            app.router.add_get(path, self._discovered)
        app.router.add_get("/{path:.*}/{plural}", self._listed)
        # Nothing of it outlives its client: kopf ends once all has ended that goes on in its loop.
        runner = web.AppRunner(app, shutdown_timeout=0.1, keepalive_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _discovered(self, request: web.Request) -> web.Response:
        if self.undiscovered and request.path in ("/apis", "/apis/formations.dev/v1"):
            self.undiscovered -= 1
            return web.json_response({"groups": [], "resources": []})
        served = {**{name: (kind.group, kind.version) for name, kind in KINDS.items()}, **OF_KOPF}
        about = request.match_info
        if "version" in about:
            place = about.get("group", ""), about["version"]
            there = [_resource(name) for name, its_place in served.items() if its_place == place]
            return web.json_response({"resources": there})
        groups = [_group(*place) for place in sorted({*served.values()}) if place[0]]
        return web.json_response({"versions": ["v1"]} if about["api"] == "api" else {"groups": groups})

    def _happened(self, kind: str, raw: Object, deleted: bool) -> None:
        text = self._text({"type": "DELETED" if deleted else "MODIFIED", "object": raw}) + b"\n"
        about = raw["metadata"]
        self._history.append(Said(kind, about["namespace"], int(about["resourceVersion"]), text))

    def _text(self, said: Any) -> bytes:
        """Return what is sent, written as the API server does."""
        text = json.dumps(said, separators=(",", ":")).encode()
        for each, instead in self.instead.items():
            text = text.replace(each, instead)
        return text

    def _answer(self, said: Any) -> web.Response:
        return web.Response(body=self._text(said), content_type="application/json")

    # Objects

    async def _got(self, request: web.Request) -> web.Response:
        about = request.match_info
        return self._carried_out(
            lambda: self.cluster.read(KINDS[about["plural"]].name, about["namespace"], about["name"])
        )

    async def _patched(self, request: web.Request) -> web.Response:
        """Apply, or change by JSON patch."""
        about, by = request.match_info, request.query["fieldManager"]
        self.written.append((request.method, request.path, by))
        kind, body = KINDS[about["plural"]].name, await request.json()
        if request.content_type != connection.APPLY:
            return self._carried_out(
                lambda: self.cluster.patch_now(kind, about["namespace"], about["name"], body)
            )
        force = request.query["force"] == "true"
        return self._carried_out(lambda: self.cluster.write(body, by=Owner(by, "Apply"), force=force))

    async def _posted(self, request: web.Request) -> web.Response:
        self.written.append((request.method, request.path, ""))
        return web.json_response({}, status=201)

    def _carried_out(self, asked: Callable[[], Object]) -> web.Response:
        try:
            return self._answer(asked())
        except errors.ClusterError as error:
            name = getattr(error, "_name", "")
            said = {"message": str(error), "reason": "NotFound", "details": {"name": name}}
            return web.json_response(said, status=CODES[type(error)])

    # Lists and watches

    async def _listed(self, request: web.Request) -> web.StreamResponse:
        plural = request.match_info["plural"]
        namespace = request.match_info["path"].partition("/namespaces/")[2]
        place = f"{namespace}/{plural}" if namespace else plural
        if plural not in KINDS or plural in self.absent:
            return web.Response(text="404 page not found\n", status=404)
        is_watch = "watch" in request.query
        if is_watch:
            self.watch_seconds[plural] = int(request.query["timeoutSeconds"])
        (self.watched if is_watch else self.lists)[plural if is_watch else place] += 1
        troubles = self.watch_troubles if is_watch else self.list_troubles
        if is_of_kopf(request) and troubles:
            return await troubles.pop()(request)
        if is_watch:
            return await self._watched(request, KINDS[plural], namespace, place)
        if status := self.refusals.get(place) or self.refusals.get(plural):
            return web.json_response({"message": "no"}, status=status)
        self.asked.append(dict(request.query))
        items, more = self._items(plural, namespace, request.query)
        if "as=PartialObjectMetadataList" in request.headers["Accept"]:
            items = [{"metadata": each["metadata"]} for each in items]
        return self._page(plural, items, **more)

    def _items(self, plural: str, namespace: str, query: Mapping[str, str]) -> tuple[list[Object], Object]:
        """Return the objects of a page, and what leads to the next one."""
        every = self.cluster.there(KINDS[plural].name, namespace)
        start = int(query.get("continue") or 0)
        end = start + int(query["limit"])
        return every[start:end], {"continue": str(end)} if end < len(every) else {}

    def page(self, plural: str, namespace: str = "", **metadata: str) -> web.Response:
        """Return a list, or what is a page of it by its metadata."""
        return self._page(plural, self.cluster.there(KINDS[plural].name, namespace), **metadata)

    def _page(self, plural: str, items: list[Object], **metadata: str) -> web.Response:
        metadata = {"resourceVersion": str(self.cluster.version), **metadata}
        return self._answer({"kind": f"{KINDS[plural].name}List", "metadata": metadata, "items": items})

    async def _watched(
        self, request: web.Request, kind: kinds.Kind, namespace: str, place: str
    ) -> web.StreamResponse:
        since, cut = int(request.query["resourceVersion"]), self._cut[kind.name]
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        self.watches[place] += 1
        try:
            async with self._changed:
                while since >= self._oldest[kind.name]:
                    since = await self._send_news(response, kind.name, namespace, since)
                    await self._changed.wait()
                    if cut != self._cut[kind.name]:
                        return response
            await response.write(self._text(GONE) + b"\n")
        finally:
            self.watches[place] -= 1
        return response

    async def _send_news(self, response: web.StreamResponse, kind: str, namespace: str, since: int) -> int:
        for said in [each for each in self._history if each.version > since]:
            if said.kind == kind and namespace in ("", said.namespace):
                await response.write(said.text)
            since = said.version
        return since


def is_of_kopf(request: web.Request) -> bool:
    """Tell whether it is kopf that asks; of Formations only kopf's watches are."""
    return not request.headers["User-Agent"].startswith(naming.FIELD_MANAGER)


def _resource(plural: str) -> dict[str, Any]:
    verbs = ["list", "watch", "patch"]
    return {"name": plural, "kind": plural.title(), "singularName": "", "namespaced": True, "verbs": verbs}


def _group(name: str, version: str) -> dict[str, Any]:
    versions = [{"version": version, "groupVersion": f"{name}/{version}"}]
    return {"name": name, "preferredVersion": versions[0], "versions": versions}
