"""Credentials that are refused are read anew, and what was asked is asked again with them."""

import asyncio
import contextlib
import datetime
import json
import pathlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pydantic_core
import pytest
from aiohttp import web
from kubernetes.aio import client
from kubernetes.aio.config import incluster_config

from formation_operator.kube import api_server, errors
from formation_operator.kube.session import connection, credentials
from tests.shared.builders import a_formation, stored
from tests.unit.fakes.loopback import answering
from tests.unit.kube.calls import PLACE, closed
from tests.unit.kube.session import clients


class Doorkeeper:
    """An API server that lets in whoever has the token of the day, and gives back what it is sent.

    Who sends nothing gets a Formation.
    """

    def __init__(self) -> None:
        self.token = "old"
        self.asked: list[tuple[str, str]] = []
        """The token of each request, and its body."""

    def open(self) -> contextlib.AbstractAsyncContextManager[str]:
        """Listen at an address."""
        return answering(self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        token, body = request.headers.get("Authorization", "").partition(" ")[2], await request.text()
        self.asked.append((token, body))
        if token != self.token:
            return web.json_response({"message": "Unauthorized"}, status=401)
        return web.json_response(json.loads(body) if body else stored(a_formation()))


def be_known(kubeconfig: pathlib.Path, url: str, token: str) -> None:
    """Have the kubeconfig from which we read our credentials name a token."""
    clients.write(kubeconfig, {"server": url}, {"token": token})


@contextlib.asynccontextmanager
async def logged_in(kubeconfig: pathlib.Path, url: str) -> AsyncIterator[api_server.Kube]:
    """Ask with the token of yesterday."""
    be_known(kubeconfig, url, "old")
    configuration = client.Configuration()
    await credentials.load(configuration)
    assert configuration.host == url
    async with closed(api_server.Kube(connection.Connection(configuration), timeout=5)) as kube:
        yield kube


async def test_what_was_refused_is_sent_again_whole_with_the_token_that_there_is_by_then(
    kubeconfig: pathlib.Path,
) -> None:
    door, formation = Doorkeeper(), stored(a_formation())
    async with door.open() as url, logged_in(kubeconfig, url) as kube:
        door.token = "new"
        be_known(kubeconfig, url, "new")
        assert await kube.apply(formation, manager="us") == formation
        assert await kube.apply(formation, manager="us") == formation
    body = pydantic_core.to_json(formation).decode()
    assert door.asked == [("old", body), ("new", body), ("new", body)]


async def test_many_requests_that_are_refused_at_once_read_the_credentials_once(
    kubeconfig: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = 0
    read = credentials.load

    async def counted(configuration: client.Configuration) -> None:
        nonlocal reads
        reads += 1
        await read(configuration)

    door = Doorkeeper()
    async with door.open() as url, logged_in(kubeconfig, url) as kube:
        door.token = "new"
        be_known(kubeconfig, url, "new")
        monkeypatch.setattr(credentials, "load", counted)
        found = await asyncio.gather(*(kube.get(*PLACE) for _ in range(9)))
    assert len(found) == 9
    assert reads == 1


@pytest.mark.parametrize("badly", [True, False], ids=["unreadable credentials", "the same as before"])
async def test_a_refusal_that_no_other_credentials_help_against_is_tried_again_later(
    kubeconfig: pathlib.Path, *, badly: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "APART", 0.0)
    door = Doorkeeper()
    async with door.open() as url, logged_in(kubeconfig, url) as kube:
        door.token = "new"
        if badly:
            kubeconfig.write_text("{")  # noqa: ASYNC240  # a few bytes
        with pytest.raises(errors.UnavailableError, match="Unauthorized"):
            await kube.get(*PLACE)
        be_known(kubeconfig, url, "new")
        assert await kube.get(*PLACE)


class Mounted:
    """The token of a Pod's service account, in a file that is read at each request."""

    def __init__(self, folder: pathlib.Path, url: str) -> None:
        self.file = folder / "token"
        self.file.write_text("old")
        (folder / "ca.crt").write_text("none is needed")
        place = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "1"}
        in_cluster: Any = incluster_config.InClusterConfigLoader  # which has no types
        loader = in_cluster(str(self.file), str(folder / "ca.crt"), environ=place)
        loader._token_refresh_period = datetime.timedelta(0)  # noqa: SLF001  # a minute
        self._configuration = client.Configuration()
        loader.load_and_set(self._configuration)
        self._configuration.host, self._configuration.ssl_ca_cert = url, None

    def kube(self) -> api_server.Kube:
        """Return who asks with this token."""
        return api_server.Kube(connection.Connection(self._configuration), timeout=5)


def mounted_as_a_folder(file: pathlib.Path) -> None:
    file.unlink()
    file.mkdir()


SPOILT: dict[str, Callable[[pathlib.Path], object]] = {
    "empty": lambda file: file.write_text(""),
    "blank": lambda file: file.write_text(" \n"),
    "half written": lambda file: file.write_text("ne\nw"),
    "no text": lambda file: file.write_bytes(b"secret\xff\xfe"),
    "with a NUL": lambda file: file.write_bytes(b"n\0w"),
    "gone": pathlib.Path.unlink,
    "a folder": mounted_as_a_folder,
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
async def test_as_long_as_a_token_cannot_be_read_the_last_one_is_used_and_the_log_says_so_once(
    spoil: Callable[[pathlib.Path], object], tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    door = Doorkeeper()
    async with door.open() as url:
        mounted = Mounted(tmp_path, url)
        async with closed(mounted.kube()) as kube:
            await kube.get(*PLACE)
            spoil(mounted.file)
            for _ in range(2):
                await kube.get(*PLACE)
            assert len(caplog.messages) == 1
            if mounted.file.is_dir():
                mounted.file.rmdir()
            mounted.file.write_text("new\n")
            door.token = "new"
            await kube.get(*PLACE)
    assert [token for token, _ in door.asked] == ["old", "old", "old", "new"]
    assert "secret" not in caplog.text


async def test_as_long_as_no_token_was_ever_read_nothing_is_asked(tmp_path: pathlib.Path) -> None:
    door = Doorkeeper()
    async with door.open() as url:
        mounted = Mounted(tmp_path, url)
        mounted.file.write_text("")
        async with closed(mounted.kube()) as kube:
            with pytest.raises(errors.UnavailableError, match="token can't be read"):
                await kube.get(*PLACE)
    assert door.asked == []
