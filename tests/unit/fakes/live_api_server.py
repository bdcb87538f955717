"""A cluster in memory behind an API server on the loopback interface, whose watches tell what happens."""

import asyncio
import collections
import json
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web

from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Object
from tests.unit.fakes.api_server import KINDS, ApiServer
from tests.unit.fakes.cluster import FakeCluster

GONE = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}


class Told(NamedTuple):
    """A change, as every watch of it is told."""

    kind: str
    namespace: str
    version: int
    text: bytes


class LiveApiServer(ApiServer):
    """Serves what is in a cluster, and tells what happens in it."""

    def __init__(self, cluster: FakeCluster) -> None:
        super().__init__()
        self.cluster = cluster
        self.lists: collections.Counter[str] = collections.Counter()
        """How often each kind was listed, by its plural; of a namespace by ``namespace/plural``."""
        self.looks: collections.Counter[str] = collections.Counter()
        """How often one object of each kind was listed, to see how far it has come."""
        self.watches: collections.Counter[str] = collections.Counter()
        """How many watches there are now, called alike."""
        self.refusals: dict[str, int] = {}
        """The HTTP status with which lists are refused, by plural or by place."""
        self.troubles: dict[str, list[Callable[[web.Request], Awaitable[web.StreamResponse]]]] = {}
        """What answers the next watches in the server's place, by plural."""
        self.watched: collections.Counter[str] = collections.Counter()
        """How many watches were asked for, by plural."""
        self._history: list[Told] = []
        self._oldest: collections.Counter[str] = collections.Counter()
        self._cut: collections.Counter[str] = collections.Counter()
        self._changed = asyncio.Condition()
        cluster.watchers.append(self._tell)

    async def expire(self, kind: str) -> None:
        """Forget what has happened to a kind: whoever watches it and hasn't heard of all begins anew."""
        async with self._changed:
            self._oldest[kind] = self.cluster.version
            self._changed.notify_all()

    async def cut(self, kind: str) -> None:
        """End the watches of a kind."""
        async with self._changed:
            self._cut[kind] += 1
            self._changed.notify_all()

    async def publish(self) -> None:
        """Tell the watches what has happened."""
        async with self._changed:
            self._changed.notify_all()

    def _tell(self, kind: str, raw: Object, deleted: bool) -> None:
        text = json.dumps({"type": "DELETED" if deleted else "MODIFIED", "object": raw}).encode() + b"\n"
        about = raw["metadata"]
        self._history.append(Told(kind, about["namespace"], int(about["resourceVersion"]), text))

    async def _listed(self, request: web.Request) -> web.StreamResponse:
        plural = request.match_info["plural"]
        path = request.match_info["path"]
        namespace = path.partition("/namespaces/")[2]
        place = f"{namespace}/{plural}" if namespace else plural
        if plural not in KINDS:
            return web.Response(text="404 page not found\n", status=404)
        if "watch" in request.query:
            self.watched[plural] += 1
            if self.troubles.get(plural):
                return await self.troubles[plural].pop()(request)
            return await self._watched(request, KINDS[plural], namespace, place)
        (self.looks if request.query.get("limit") == "1" else self.lists)[place] += 1
        if status := self.refusals.get(place) or self.refusals.get(plural):
            return web.json_response({"message": "no"}, status=status)
        items = self.cluster.all(KINDS[plural].name, namespace)
        metadata = {"resourceVersion": str(self.cluster.version)}
        listed = {"kind": f"{KINDS[plural].name}List", "metadata": metadata, "items": items}
        return web.json_response(listed)

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
            await response.write(json.dumps(GONE).encode() + b"\n")
        finally:
            self.watches[place] -= 1
        return response

    async def _send_news(self, response: web.StreamResponse, kind: str, namespace: str, since: int) -> int:
        for told in [each for each in self._history if each.version > since]:
            if told.kind == kind and namespace in ("", told.namespace):
                await response.write(told.text)
            since = told.version
        return since
