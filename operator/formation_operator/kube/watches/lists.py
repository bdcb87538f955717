"""A session in which kopf asks the API server for nothing but watches.

We list every kind ourselves and take in what is there.  kopf lists each once more before it watches it, and
sends every object on its way through queues and tasks.  Here its list is ours: it is told the version of that
and no object, so its watch goes on exactly where our list ended.  Before all that it looks for the kinds that
there are, and ends if the server is ill at that moment, or has just learnt of one: it is told ours.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from formation_operator.kube.objects import kinds
from formation_operator.kube.session import gate, paging
from formation_operator.kube.session.connection import Connection
from formation_operator.kube.watches.streams import Heard, Place, Streams, Take

Since = Callable[[kinds.Kind, str | None], Awaitable[str]]
"""Takes in a kind in a namespace, or in all, and returns as of which version that is."""

FIRST, MOST = 1.0, 29.0
"""Seconds from a list that failed to the next try of the same: at first, and where it goes on failing.

Chance takes up to half of it away, so that not all replicas ask at the same moment; kopf adds a second.
"""
VERBS = ["list", "watch", "patch"]
"""What kopf wants a kind to be good for."""
OF_KOPF = (
    kinds.Kind("Namespace", "", "v1", "namespaces"),
    kinds.Kind("CustomResourceDefinition", "apiextensions.k8s.io", "v1", "customresourcedefinitions"),
)
"""What kopf wants to be there before it watches anything."""


class Answer(aiohttp.ClientResponse):
    """An answer of our own.

    There was no connection: all else is what the class has of an answer that hasn't come yet.
    """

    status = 200

    def __init__(self, body: Any) -> None:
        """Take what it says; what the client's own answers are made from, there isn't."""
        self._said = body

    async def json(self, **_: Any) -> Any:
        """Return the body."""
        return self._said


class Lists:
    """Middleware of a client's session: answers all but watches."""

    def __init__(self, root: str, places: Mapping[str, Place], since: Since) -> None:
        """Take the path of the server, the places that are watched, by their paths, and what lists them."""
        self._since = since
        self._places = places
        self._discovered = {root + path: answer for path, answer in discovered().items()}
        self._pauses: dict[str, float] = {}
        """By path of a list that failed: the longest pause before it is tried again, in seconds."""

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request, but for a list; if ours fails, it is as a lost connection: kopf tries again."""
        if request.url.path in self._discovered:
            return Answer(self._discovered[request.url.path])
        place = self._places.get(request.url.path)
        if place is None or "watch" in request.url.query:
            return await send(request)
        try:
            version = await self._list(request.url.path, place)
        except Exception as error:
            raise aiohttp.ClientConnectionError(f"{request.url.path}: {error}") from error
        return Answer({"metadata": {"resourceVersion": version}, "items": []})

    async def _list(self, path: str, place: Place) -> str:
        """List a place and return the version, after a pause if it failed the last time."""
        pause = self._pauses.get(path, 0.0)
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
        self._pauses[path] = min(2 * pause, MOST) or FIRST  # unless it succeeds
        version = await self._since(*place)
        self._pauses.pop(path, None)
        return version


def discovered() -> dict[str, Any]:
    """Return, by path, what an API server that serves our kinds says of them."""
    answers: dict[str, Any] = {"/api": {"versions": ["v1"]}, "/apis": {"groups": []}}
    for kind in (*kinds.WATCHED, *OF_KOPF):
        if kind.path not in answers:
            answers[kind.path] = {"resources": []}
            version = {"version": kind.version}
            about = {"name": kind.group, "preferredVersion": version, "versions": [version]}
            answers["/apis"]["groups"] += [about] if kind.group else []
        about = {"name": kind.plural, "kind": kind.name, "singularName": kind.name.lower()}
        answers[kind.path]["resources"].append({**about, "namespaced": True, "verbs": VERBS})
    return answers


def session(
    server: Connection,
    namespaces: Iterable[str | None],
    since: Since,
    take: Take,
    heard: Heard = lambda *_: None,
) -> aiohttp.ClientSession:
    """Return a session with a server; as each watch keeps a connection, they aren't limited.

    Takes the namespaces (none is all of them), what lists a place, what takes in events, and who hears
    that a watch tells anything.
    """
    root = urlsplit(server.url).path.rstrip("/")
    places = {
        root + kind.place(namespace): (kind, namespace) for kind in kinds.WATCHED for namespace in namespaces
    }
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        request_class=gate.Gated,
        proxy=server.proxy,
        cookie_jar=aiohttp.DummyCookieJar(),
        response_class=paging.BoundedResponse,
        middlewares=(Lists(root, places, since), Streams(places, take, heard), *server.manners),
    )
