"""A session in which whoever lists a kind to watch it gets no objects, only where his watch may begin.

We list every kind ourselves and take in what is there.  kopf lists each once more before it watches it, and
sends every object on its way through queues and tasks.  Here its list is ours: it is told the version of that
and no object, so its watch goes on exactly where our list ended.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from formation_operator.kube import api_server, kinds

Place = tuple[kinds.Kind, str | None]
"""A kind in a namespace, or in all."""
Since = Callable[[kinds.Kind, str | None], Awaitable[str]]
"""Takes in a kind in a namespace, or in all, and returns as of which version that is."""


class NoObjects(aiohttp.ClientResponse):
    """The answer to a list as of a version, with no object in it.

    There was no connection: all else is what the class has of an answer that hasn't come yet.
    """

    status = 200

    def __init__(self, version: str) -> None:
        """Take the version; what the client's own answers are made from, there isn't."""
        self._version = version

    async def json(self, **_: Any) -> Any:
        """Return the body."""
        return {"metadata": {"resourceVersion": self._version}, "items": []}


class Lists:
    """Middleware of a client's session: answers lists of the kinds that are watched."""

    def __init__(self, places: Mapping[str, Place], since: Since) -> None:
        """Take the places by their paths, and what lists them in its place."""
        self._since = since
        self._places = places

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request, but for a list; if ours fails, it is as a lost connection: kopf tries again."""
        place = self._places.get(request.url.path)
        if place is None or "watch" in request.url.query:
            return await send(request)
        try:
            return NoObjects(await self._since(*place))
        except Exception as error:
            raise aiohttp.ClientConnectionError(f"{request.url.path}: {error}") from error


def places(server: str, namespaces: Iterable[str | None]) -> dict[str, Place]:
    """Return, by its path at a server, each place that is watched; no namespace is all of them."""
    root = urlsplit(server).path.rstrip("/")
    each = [(kind, namespace) for kind in kinds.WATCHED for namespace in namespaces]
    return {root + api_server.path(kind.name, namespace): (kind, namespace) for kind, namespace in each}


def session(
    middlewares: Sequence[aiohttp.ClientMiddlewareType],
    *,
    ssl: SSLContext,
    headers: dict[str, str],
    proxy: str | None,
    trust_env: bool,
) -> aiohttp.ClientSession:
    """Return a session as kopf makes one, but for what answers in its place."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=ssl),
        headers=headers,
        proxy=proxy,
        trust_env=trust_env,
        middlewares=middlewares,
    )
