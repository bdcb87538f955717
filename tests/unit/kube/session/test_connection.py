"""How requests reach the API server."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest
import yaml
from aiohttp import web
from kubernetes.aio import client

from formation_operator.api import naming
from formation_operator.kube import api_server, errors
from formation_operator.kube.session import connection
from tests.shared import builders
from tests.shared.builders import a_formation
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.live_api_server import LiveApiServer
from tests.unit.fakes.loopback import answering
from tests.unit.kube.calls import PLACE, asking, closed, names

NOWHERE = "http://127.0.0.1:1"


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[LiveApiServer]:
    cluster = FakeCluster()
    cluster.put(naming.KIND, builders.stored(a_formation()))
    async with LiveApiServer(cluster).running() as server:
        yield server


async def test_requests_go_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running() as server:
        monkeypatch.setenv("http_proxy", server.url)
        async with asking("http://cluster.example") as cluster:
            assert await names(cluster) == ["shop"]


@pytest.mark.parametrize(
    ("proxy", "exceptions", "asked"),
    [
        (NOWHERE, "10.96.0.1:443", None),
        (NOWHERE, "10.0.0.0/8, 10.96.0.1", None),
        (NOWHERE, "10.96.0.1:8443", NOWHERE),
        ("proxy.example:3128", "", "http://proxy.example:3128"),
    ],
)
def test_the_environment_may_except_addresses_and_ports_from_its_proxy(
    proxy: str, exceptions: str, asked: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    monkeypatch.setenv("no_proxy", exceptions)
    assert connection.proxy_for("https://10.96.0.1:443") == asked


async def test_a_proxy_of_the_kubeconfig_comes_before_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running() as server:
        monkeypatch.setenv("http_proxy", NOWHERE)
        configuration = client.Configuration(host="http://cluster.example")
        configuration.proxy = server.url
        async with closed(api_server.Kube(connection.Connection(configuration), timeout=5)) as cluster:
            assert await names(cluster) == ["shop"]


def test_what_is_written_says_the_same_as_json_and_as_yaml() -> None:
    """The API server reads what is applied as YAML, and what is created or patched as JSON."""
    others = "\ud7ff\ue000\ufeff\ufffe\uffff\U0001f4a9\U0010ffff"
    letters = [*map(chr, range(0x2100)), *others]
    body = {f"a {letter} b": f"a {letter} b" for letter in letters}
    assert json.loads(connection.written(body)) == body
    assert yaml.safe_load(connection.written(body)) == body


async def test_each_request_says_who_we_are_by_the_token_of_the_time() -> None:
    seen, tokens = list[str | None](), iter(("Bearer first", "Bearer second"))

    async def note(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.json_response({})

    def renewed(configuration: client.Configuration) -> None:
        configuration.api_key["BearerToken"] = next(tokens)

    async with answering(note) as url:
        configuration = client.Configuration(host=url, api_key={"BearerToken": "stale"})
        configuration.refresh_api_key_hook = renewed  # type: ignore[assignment]  # it knows its default only
        for known in (configuration, client.Configuration(host=url)):
            async with closed(api_server.Kube(connection.Connection(known), timeout=5)) as cluster:
                for _ in range(2):
                    await cluster.get("Pod", "default", "a")
    assert seen == ["Bearer first", "Bearer second", None, None]


async def test_each_request_is_counted_by_its_verb_and_that_no_answer_came() -> None:
    counted: list[tuple[str, int | None]] = []
    configuration = client.Configuration(host=NOWHERE)
    opened = connection.Connection(configuration, lambda verb, code, _: counted.append((verb, code)))
    async with closed(api_server.Kube(opened, timeout=1)) as cluster:
        for each in (cluster.get(*PLACE), names(cluster), cluster.patch(*PLACE, [])):
            with pytest.raises(errors.UnavailableError):
                await each
    assert counted == [("get", None), ("list", None), ("patch", None)]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nobody_to_whom_a_request_is_redirected_learns_our_token_or_is_believed(status: int) -> None:
    strangers: list[web.Request] = []

    async def stranger(request: web.Request) -> web.Response:
        strangers.append(request)
        return web.json_response({"status": "Success"})

    async with answering(stranger) as elsewhere:
        moved = {"Location": elsewhere.replace("127.0.0.1", "localhost")}

        async def redirect(_: web.Request) -> web.Response:
            return web.Response(status=status, headers=moved)

        token = {"BearerToken": "Bearer ours"}
        async with answering(redirect) as url, asking(url, api_key=token) as cluster:
            said = await asyncio.gather(
                cluster.get("Pod", "default", "a"),
                cluster.patch("Pod", "default", "a", []),
                cluster.delete("Pod", "default", "a", "its uid", "7"),
                return_exceptions=True,
            )
    assert [type(each) for each in said] == 3 * [errors.UnavailableError]
    assert not strangers
