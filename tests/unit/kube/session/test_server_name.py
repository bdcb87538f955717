"""Whoever reaches the API server under another name has it prove the one that the kubeconfig has for it."""

import contextlib
import pathlib
import ssl
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from kubernetes.aio import client

from formation_operator.kube.session import connection
from tests.cluster.certificates import Authority
from tests.unit.fakes.loopback import answering
from tests.unit.kube.session.clients import WATCH, watching

NAME = "cluster.example"


@contextlib.asynccontextmanager
async def serving(folder: pathlib.Path) -> AsyncIterator[client.Configuration]:
    """Serve at an address that the certificate doesn't name; give what a kubeconfig says of the server."""
    authority = Authority(folder, "authority")
    pair = authority.issue("server", "server", hosts=(NAME,))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    async with answering(answer, context) as host:
        yield client.Configuration(
            host=host, ssl_ca_cert=str(authority.pair.certificate), tls_server_name=NAME
        )


async def answer(_: web.Request) -> web.Response:
    return web.json_response({})


async def test_requests_and_watches_take_the_server_by_the_name_of_the_kubeconfig(
    tmp_path: pathlib.Path,
) -> None:
    async with serving(tmp_path) as configuration:
        opened = connection.Connection(configuration)
        async with watching(opened) as watches:
            assert (await opened.send("get", "/version", {}))[0] == 200
            assert (await watches.get(opened.url + WATCH)).status == 200
        await opened.close()


async def test_a_server_that_cant_prove_its_name_is_asked_nothing(tmp_path: pathlib.Path) -> None:
    async with serving(tmp_path) as configuration:
        configuration.tls_server_name = "other.example"
        opened = connection.Connection(configuration)
        async with watching(opened) as watches:
            with pytest.raises(aiohttp.ClientError, match=r"other\.example"):
                await opened.send("get", "/version", {})
            with pytest.raises(aiohttp.ClientError, match=r"other\.example"):
                await watches.get(opened.url + WATCH)
        await opened.close()
