"""What both of our clients are made of: a kubeconfig, the session that watches, and the answers to it."""

import json
import pathlib
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import web

from formation_operator.kube.objects import kinds
from formation_operator.kube.session import kopf_session
from formation_operator.kube.session.connection import Connection

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
WATCH = kinds.BY_NAME[kinds.POD].place(None) + "?watch=true&resourceVersion=5"


def write(file: pathlib.Path, cluster: dict[str, str], user: dict[str, str]) -> None:
    """Write a kubeconfig with a cluster and who we are there."""
    here = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "us"}}],
        "clusters": [{"name": "here", "cluster": cluster}],
        "users": [{"name": "us", "user": user}],
    }
    file.write_text(json.dumps(here))


def watching(opened: Connection) -> aiohttp.ClientSession:
    """Return the session in which kopf watches the same server."""
    return kopf_session.session(opened, *2 * [lambda _: None])


def status(number: int, text: str = '{"kind":"Status","message":"no"}', **headers: str) -> Answer:
    """Answer with an HTTP status and a text."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=number, text=text, headers=headers)

    return answer


def stream(text: bytes, *, cut: bool = False) -> Answer:
    """Begin to answer, say something, and end, or be cut off."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(text)
        if cut:
            assert request.transport is not None
            request.transport.abort()
        return response

    return answer
