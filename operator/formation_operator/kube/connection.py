"""The one session of all requests but the watches, each of which costs as little as it can."""

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from kubernetes.aio import client

from formation_operator.kube import credentials, paging
from formation_operator.kube.credentials import Login
from formation_operator.kube.patience import Patience

KEEP_ALIVE = 80.0
"""Seconds for which an unused connection is kept: a new one costs a TLS handshake, and the API server
closes one itself after 90.

Source: ``IdleTimeout`` in ``k8s.io/apiserver/pkg/server/secure_serving.go``.
"""


async def login(*, connections: int) -> client.ApiClient:
    """Log in with the Pod's service account, or else the current kubeconfig.

    Of more requests at once than there may be connections, some wait for others.
    """
    configuration = client.Configuration(connection_pool_maxsize=connections)
    await credentials.load(configuration)
    return client_of(configuration)


def client_of(configuration: client.Configuration) -> client.ApiClient:
    """Return a client for a cluster, whose lists fit into memory.

    Its own session would look for a proxy and into netrc at each request, which takes longer than all else.
    """
    found = client.ApiClient(configuration)
    rest = found.rest_client
    rest.proxy = rest.proxy or proxy_for(configuration.host)
    connector = aiohttp.TCPConnector(limit=rest.maxsize, ssl=rest.ssl_context, keepalive_timeout=KEEP_ALIVE)
    rest.pool_manager = aiohttp.ClientSession(
        connector=connector, read_bufsize=paging.MOST_BYTES, **paging.options(*manners(found))
    )
    return found


def manners(api: client.ApiClient) -> tuple[aiohttp.ClientMiddlewareType, ...]:
    """Return how whoever asks a server behaves: as it wants, and known to it."""
    return Patience(), Login(api.configuration)


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment has for a server, as in ``HTTPS_PROXY``, or none."""
    server = urlsplit(url)
    return None if proxy_bypass(server.hostname or "") else getproxies().get(server.scheme)
