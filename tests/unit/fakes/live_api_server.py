"""A cluster in memory behind an API server on the loopback interface, whose watches say what happens."""

import asyncio
import collections
import json
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from aiohttp import web

from formation_operator.api import naming
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Object
from formation_operator.kube.session import connection
from tests.unit.fakes.api_server import KINDS, ApiServer
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.managed_fields import Owner

GONE = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}
CODES = {errors.NotFoundError: 404, errors.ConflictError: 409, errors.InvalidError: 422}
Trouble = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Said(NamedTuple):
    """A change, as every watch of it says it."""

    kind: str
    namespace: str
    version: int
    text: bytes


class LiveApiServer(ApiServer):
    """Serves what is in a cluster, takes writes, and says what happens."""

    def __init__(self, cluster: FakeCluster) -> None:
        super().__init__()
        self.cluster = cluster
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

    def routes(self, router: web.UrlDispatcher) -> None:
        """Serve objects by their names, too."""
        place = "/{path:.*}/namespaces/{namespace}/{plural}"
        router.add_get(f"{place}/{{name}}", self._got)
        for path in (f"{place}/{{name}}", f"{place}/{{name}}/{{sub:status}}"):
            router.add_patch(path, self._patched)
        router.add_post(place, self._posted)

    async def _discovered(self, request: web.Request) -> web.Response:
        if self.undiscovered and request.path in ("/apis", "/apis/formations.dev/v1"):
            self.undiscovered -= 1
            return web.json_response({"groups": [], "resources": []})
        return await super()._discovered(request)

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
        if "as=PartialObjectMetadataList" in request.headers["Accept"]:
            return self._names(plural, namespace)
        return self.page(plural, namespace)

    def _names(self, plural: str, namespace: str) -> web.Response:
        """Return a list without specs and statuses."""
        items = [{"metadata": each["metadata"]} for each in self.cluster.all(KINDS[plural].name, namespace)]
        metadata = {"resourceVersion": str(self.cluster.version)}
        return self._answer({"kind": "PartialObjectMetadataList", "metadata": metadata, "items": items})

    def page(self, plural: str, namespace: str = "", **metadata: str) -> web.Response:
        """Return a list, or what is a page of it by its metadata."""
        items = self.cluster.all(KINDS[plural].name, namespace)
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
