"""Credentials that are refused are read anew, and what was asked is asked again with them."""

import asyncio
import contextlib
import json
import pathlib
from collections.abc import AsyncIterator

import pydantic_core
import pytest
from aiohttp import web
from kubernetes.aio import client
from kubernetes.aio.config import kube_config

from formation_operator.api import naming
from formation_operator.kube import api_server, errors
from formation_operator.kube.session import connection, credentials
from tests.builders import a_formation, stored


class Doorkeeper:
    """An API server that lets in whoever has the token of the day, and gives back what it is sent."""

    def __init__(self) -> None:
        self.token = "old"
        self.asked: list[tuple[str, str]] = []
        """The token of each request, and its body."""

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Listen at an address."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        token, body = request.headers.get("Authorization", ""), await request.text()
        self.asked.append((token.removeprefix("Bearer "), body))
        if token != f"Bearer {self.token}":
            return web.json_response({"message": "Unauthorized"}, status=401)
        return web.json_response(json.loads(body or '{"items": [], "metadata": {"resourceVersion": "1"}}'))


class Badge:
    """The kubeconfig that we read our credentials from."""

    def __init__(self, file: pathlib.Path) -> None:
        self._file = file

    def write(self, url: str, token: str) -> None:
        """Be known as the one with a token."""
        here = {
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "us"}}],
            "clusters": [{"name": "here", "cluster": {"server": url}}],
            "users": [{"name": "us", "user": {"token": token}}],
        }
        self._file.write_text(json.dumps(here))

    def spoil(self) -> None:
        """Be somebody whom nobody can read."""
        self._file.write_text("{")


@pytest.fixture
def badge(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Badge:
    # The client reads $KUBECONFIG when it is imported.
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "config"))
    return Badge(tmp_path / "config")


@contextlib.asynccontextmanager
async def logged_in(url: str) -> AsyncIterator[api_server.Kube]:
    configuration = client.Configuration()
    await credentials.load(configuration)
    assert configuration.host == url
    kube = api_server.Kube(connection.Connection(configuration), timeout=5)
    yield kube
    await kube.close()


async def test_what_was_refused_is_sent_again_whole_with_the_token_that_there_is_by_then(
    badge: Badge,
) -> None:
    door, formation = Doorkeeper(), stored(a_formation())
    async with door.open() as url:
        badge.write(url, "old")
        async with logged_in(url) as kube:
            door.token = "new"
            badge.write(url, "new")
            assert await kube.apply_status(formation) == formation
            assert await kube.apply_status(formation) == formation
    body = pydantic_core.to_json(formation).decode()
    assert door.asked == [("old", body), ("new", body), ("new", body)]


async def test_many_requests_that_are_refused_at_once_read_the_credentials_once(
    badge: Badge, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = 0
    read = credentials.load

    async def counted(configuration: client.Configuration) -> None:
        nonlocal reads
        reads += 1
        await read(configuration)

    door = Doorkeeper()
    async with door.open() as url:
        badge.write(url, "old")
        async with logged_in(url) as kube:
            door.token = "new"
            badge.write(url, "new")
            monkeypatch.setattr(credentials, "load", counted)
            found = await asyncio.gather(*(kube.get(naming.KIND, "default", "shop") for _ in range(9)))
    assert len(found) == 9
    assert reads == 1


@pytest.mark.parametrize("badly", [True, False], ids=["unreadable credentials", "the same as before"])
async def test_a_refusal_that_no_other_credentials_help_against_is_tried_again_later(
    badge: Badge, *, badly: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "PAUSE", 0.0)
    door = Doorkeeper()
    async with door.open() as url:
        badge.write(url, "old")
        async with logged_in(url) as kube:
            door.token = "new"
            if badly:
                badge.spoil()
            with pytest.raises(errors.UnavailableError, match="Unauthorized"):
                await kube.get(naming.KIND, "default", "shop")
            badge.write(url, "new")
            assert await kube.get(naming.KIND, "default", "shop")
