"""The certificates of both sides may change: the cluster's authority, and what says who we are."""

import asyncio
import contextlib
import pathlib
import ssl
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from kubernetes.aio import client, config

from formation_operator.kube.session import connection, credentials
from hack.cluster.certificates import Authority
from tests.unit.fakes.loopback import HOST, answering
from tests.unit.kube.session import clients
from tests.unit.kube.session.clients import WATCH, watching
from tests.unit.strict_tls import strict


class Server:
    """An API server with a certificate of some authority, and the kubeconfig that names one."""

    def __init__(self, folder: pathlib.Path, kubeconfig: pathlib.Path) -> None:
        self._folder, self._kubeconfig = folder, kubeconfig
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # as an API server has it
        self.url = self.user = ""
        self.asked = 0

    def certify(self, name: str) -> pathlib.Path:
        """Have a certificate of an authority, whose own is returned: all have one name and no key ID."""
        folder = self._folder / name
        if not folder.is_dir():
            folder.mkdir()
            Authority(folder, "kubernetes", bare=True).issue("server", "server", hosts=(HOST,))
        self.context.load_cert_chain(folder / "server.crt", folder / "server.key")
        return folder / "kubernetes.crt"

    def write(
        self,
        authority: pathlib.Path,
        user: dict[str, str] | None = None,
        of_cluster: dict[str, str] | None = None,
    ) -> None:
        """Name an authority in the kubeconfig, and who we are."""
        cluster = {"server": self.url, "certificate-authority": str(authority), **(of_cluster or {})}
        clients.write(self._kubeconfig, cluster, user or {"token": "ours"})

    @contextlib.asynccontextmanager
    async def logged_in(
        self, user: dict[str, str] | None = None, of_cluster: dict[str, str] | None = None
    ) -> AsyncIterator[tuple[connection.Connection, aiohttp.ClientSession]]:
        """Serve; give both of our clients, to whom the server proves who it is."""
        async with answering(self._answer, self.context) as self.url:
            self.write(self.certify("first"), user, of_cluster)
            opened = await connection.login(connections=9)
            async with watching(opened) as watches:
                yield opened, watches
            await opened.close()

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        known = request.get_extra_info("peercert") or {}
        names = [value for part in known.get("subject", ()) for _, value in part]
        status = 200 if not self.user or self.user in names else 401
        return web.json_response({}, status=status, headers={"Connection": "close"})


async def ask(opened: connection.Connection) -> int:
    status, _ = await opened.send("get", "/version", {})
    return status


@pytest.fixture
def server(tmp_path: pathlib.Path, kubeconfig: pathlib.Path) -> Server:
    return Server(tmp_path, kubeconfig)


async def test_requests_and_watches_go_on_once_the_kubeconfig_names_the_authority_of_today(
    server: Server,
) -> None:
    async with server.logged_in() as (opened, watches):
        assert await ask(opened) == 200
        server.write(server.certify("second"))
        assert (await watches.get(opened.url + WATCH)).status == 200
        assert await asyncio.gather(*(ask(opened) for _ in range(5))) == [200] * 5
        server.write(server.certify("third"))
        await asyncio.sleep(credentials.APART)
        assert await ask(opened) == 200


@pytest.mark.parametrize("spoil", [False, True], ids=["the same as before", "no authority"])
async def test_who_cannot_prove_to_be_the_server_is_asked_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch, *, spoil: bool
) -> None:
    monkeypatch.setattr(credentials, "APART", 0.0)
    async with server.logged_in() as (opened, watches):
        authority = server.certify("second")
        if spoil:
            server.certify("first").write_text("none")
            server.certify("second")
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await ask(opened)
        with pytest.raises(aiohttp.ClientConnectionError):
            await watches.get(opened.url + WATCH)
        assert server.asked == 0
        server.write(authority)
        assert await ask(opened) == 200


async def test_the_server_is_taken_by_the_name_of_the_kubeconfig_and_by_no_other(server: Server) -> None:
    async with server.logged_in(of_cluster={"tls-server-name": HOST}) as (opened, watches):
        assert await ask(opened) == 200
        assert (await watches.get(opened.url + WATCH)).status == 200
    server.asked = 0
    async with server.logged_in(of_cluster={"tls-server-name": "other.example"}) as (opened, watches):
        with pytest.raises(aiohttp.ClientError, match=r"other\.example"):
            await ask(opened)
        with pytest.raises(aiohttp.ClientError, match=r"other\.example"):
            await watches.get(opened.url + WATCH)
    assert server.asked == 0


async def test_a_certificate_needs_no_more_than_the_clients_in_go_ask_for(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssl, "create_default_context", strict(ssl.create_default_context))
    async with server.logged_in() as (opened, watches):
        assert await ask(opened) == 200
        assert (await watches.get(opened.url + WATCH)).status == 200
        server.write(server.certify("second"))
        assert await ask(opened) == 200


async def test_the_leases_own_connection_learns_from_what_another_one_read(server: Server) -> None:
    async with server.logged_in() as (opened, _):
        for_lease = opened.another(connections=1)
        authority = server.certify("second")
        server.write(authority)
        assert await ask(opened) == 200
        authority.unlink()
        assert await ask(for_lease) == 200
        await for_lease.close()


async def test_a_certificate_of_ours_that_was_replaced_is_used_once_the_last_one_is_refused(
    server: Server, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "users").mkdir()
    people = Authority(tmp_path / "users", "people", bare=True)
    server.context.load_verify_locations(people.pair.certificate)
    server.context.verify_mode = ssl.CERT_OPTIONAL

    def named(name: str) -> dict[str, str]:
        pair = people.issue(name, name)
        return {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}

    async with server.logged_in(named("old")) as (opened, watches):
        assert await ask(opened) == 200
        server.user = "new"
        assert await ask(opened) == 401
        server.write(server.certify("first"), named("new"))
        await asyncio.sleep(credentials.APART)
        assert await ask(opened) == 200
        assert (await watches.get(opened.url + WATCH)).status == 200


async def test_what_a_kubeconfig_says_of_its_user_comes_into_no_log(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def telling(_: client.Configuration) -> None:
        raise config.ConfigException("no client-secret in {'id-token': 'hush', 'refresh-token': 'hush'}")

    async with server.logged_in() as (opened, _):
        monkeypatch.setattr(credentials, "load", telling)
        monkeypatch.setattr(credentials, "APART", 0.0)
        server.certify("second")
        for _ in range(3):
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await ask(opened)
    assert "hush" not in caplog.text
    assert len(caplog.messages) == 1
