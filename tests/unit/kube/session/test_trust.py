"""Who can't prove to be the API server is asked nothing, until our credentials say whom to trust instead."""

import asyncio
import contextlib
import json
import pathlib
import ssl
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from kubernetes.aio.config import kube_config

from formation_operator.kube.objects import kinds
from formation_operator.kube.session import connection, trust
from formation_operator.kube.watches import lists
from tests.cluster.certificates import Authority
from tests.unit.fakes.loopback import HOST, answering

WATCH = kinds.BY_NAME[kinds.POD].place(None) + "?watch=true&resourceVersion=5"


class Server:
    """An API server with a certificate of some authority, and the kubeconfig that names one."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.url = ""
        self.asked = 0

    def certify(self, name: str) -> pathlib.Path:
        """Have a certificate of another authority, whose own is returned: all have one name."""
        (self._folder / name).mkdir()
        authority = Authority(self._folder / name, "kubernetes")
        pair = authority.issue("server", "server", hosts=(HOST,))
        self.context.load_cert_chain(pair.certificate, pair.key)
        return authority.pair.certificate

    def write(self, authority: pathlib.Path) -> None:
        """Name an authority in the kubeconfig."""
        cluster = {"server": self.url, "certificate-authority": str(authority)}
        here = {
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "us"}}],
            "clusters": [{"name": "here", "cluster": cluster}],
            "users": [{"name": "us", "user": {"token": "ours"}}],
        }
        (self._folder / "config").write_text(json.dumps(here))

    @contextlib.asynccontextmanager
    async def logged_in(self) -> AsyncIterator[tuple[connection.Connection, aiohttp.ClientSession]]:
        """Serve; give both of our clients, to whom the server proves who it is."""
        async with answering(self._answer, self.context) as self.url:
            self.write(self.certify("first"))
            opened = await connection.login(connections=9)
            async with lists.session(opened, (None,), unasked, lambda *_: None) as watching:
                yield opened, watching
            await opened.close()

    async def _answer(self, _: web.Request) -> web.Response:
        self.asked += 1
        return web.json_response({}, headers={"Connection": "close"})


async def unasked(*_: object) -> str:
    raise AssertionError("nobody lists")


async def ask(opened: connection.Connection) -> int:
    status, _ = await opened.send("GET", "/version", {}, None, connection.JSON)
    return status


@pytest.fixture
def server(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    # The client reads $KUBECONFIG when it is imported.
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "config"))
    return Server(tmp_path)


async def test_requests_and_watches_go_on_once_the_kubeconfig_names_the_authority_of_today(
    server: Server,
) -> None:
    async with server.logged_in() as (opened, watching):
        assert await ask(opened) == 200
        server.write(server.certify("second"))
        assert (await watching.get(opened.url + WATCH)).status == 200
        assert await asyncio.gather(*(ask(opened) for _ in range(5))) == [200] * 5
        server.write(server.certify("third"))
        await asyncio.sleep(trust.PAUSE)
        assert await ask(opened) == 200


@pytest.mark.parametrize("spoil", [False, True], ids=["the same as before", "no authority"])
async def test_who_cannot_prove_to_be_the_server_is_asked_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch, *, spoil: bool
) -> None:
    monkeypatch.setattr(trust, "PAUSE", 0.0)
    async with server.logged_in() as (opened, watching):
        authority = server.certify("second")
        if spoil:
            (server._folder / "first" / "kubernetes.crt").write_text("none")  # noqa: SLF001
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await ask(opened)
        with pytest.raises(aiohttp.ClientConnectionError):
            await watching.get(opened.url + WATCH)
        assert server.asked == 0
        server.write(authority)
        assert await ask(opened) == 200


async def test_whom_to_trust_is_read_once_for_many_requests_that_fail_at_once(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with server.logged_in() as (opened, _):
        server.certify("second")
        failed = await asyncio.gather(*(ask(opened) for _ in range(9)), return_exceptions=True)
    assert {type(each) for each in failed} == {aiohttp.ClientConnectorCertificateError}
    assert len(caplog.messages) == 1
