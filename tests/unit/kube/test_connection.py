"""How requests reach the API server."""

import contextlib
from collections.abc import AsyncIterator

import pytest
from kubernetes.aio import client

from formation_operator.api import naming
from formation_operator.kube import api_server, connection
from tests import builders
from tests.builders import a_formation
from tests.unit.fakes.api_server import ApiServer

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[ApiServer]:
    async with ApiServer(formations=[builders.stored(a_formation())]).running() as server:
        yield server


def connected(url: str) -> api_server.Kube:
    return api_server.Kube(connection.client_of(client.Configuration(host=url)), timeout=5)


async def names(cluster: api_server.Kube) -> list[str]:
    try:
        return [item["metadata"]["name"] async for items, _ in cluster.pages(naming.KIND) for item in items]
    finally:
        await cluster.close()


async def test_requests_go_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running() as server:
        monkeypatch.setenv("http_proxy", server.url)
        assert await names(connected("http://cluster.example")) == ["shop"]


async def test_a_server_that_the_environment_excepts_is_reached_directly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running() as server:
        monkeypatch.setenv("http_proxy", NOWHERE)
        monkeypatch.setenv("no_proxy", "example.com,127.0.0.1")
        assert await names(connected(server.url)) == ["shop"]


async def test_a_proxy_of_the_kubeconfig_comes_before_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running() as server:
        monkeypatch.setenv("http_proxy", NOWHERE)
        configuration = client.Configuration(host="http://cluster.example")
        configuration.proxy = server.url
        assert await names(api_server.Kube(connection.client_of(configuration), timeout=5)) == ["shop"]


async def test_the_environment_is_read_once_and_not_at_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running() as server:
        cluster = connected(server.url)
        monkeypatch.setenv("http_proxy", NOWHERE)
        assert await names(cluster) == ["shop"]


async def test_as_many_requests_are_under_way_at_once_as_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubernetes.aio.config.load_incluster_config", lambda **_: None)
    api = await connection.login(connections=77)
    session = api.rest_client.pool_manager
    assert session is not None
    assert session.connector is not None
    assert session.connector.limit == 77
    await session.close()
