"""The session of our requests, each of which costs as little as it can."""

import contextlib
import copy
import ipaddress
import re
import time
from collections.abc import AsyncIterator, Callable, Container, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import pydantic_core
from kubernetes.aio import client

from formation_operator.api import naming
from formation_operator.kube.session import credentials, gate, paging
from formation_operator.kube.session.credentials import Login
from formation_operator.kube.session.retry_after import RetryAfter

Requested = Callable[[str, int | None, float], None]
"""Is told the verb of a request that has ended, the status of its answer if one came, and its seconds."""
JSON = "application/json"
APPLY = "application/apply-patch+yaml"
NOT_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufffe\uffff]")
"""What JSON takes as it is and YAML doesn't, as which the API server reads what is applied: it refuses these
letters, or folds them into a space.

Source: https://yaml.org/spec/1.1/#c-printable
"""
KEEP_ALIVE = 80.0
"""Seconds for which an unused connection is kept: a new one costs a TLS handshake, and the API server
closes one itself after 90.

Source: ``IdleTimeout`` in ``k8s.io/apiserver/pkg/server/secure_serving.go``.
"""


class Connection:
    """Requests to one API server, whose lists fit into memory.

    Past the client's own session and methods: its session looks for a proxy and into netrc at each request,
    which takes longer than all else, and its methods take a fourth of the rest.  How long a request may take
    is for who sends it to say: aiohttp's own timers would tick beside theirs.

    No redirect is followed, as each request says who we are: whoever is there instead would be told, too, and
    what it answers be believed. And no cookie is kept.
    """

    def __init__(
        self,
        configuration: client.Configuration,
        requested: Requested = lambda *_: None,
        middlewares: Sequence[aiohttp.ClientMiddlewareType] = (),
    ) -> None:
        """Take where the server is and who we are, what counts requests, and the middlewares of another."""
        self._configuration = configuration
        self._requested = requested
        self.url = str(configuration.host)
        self.proxy = configuration.proxy or proxy_for(self.url)
        self.middlewares = middlewares or (
            RetryAfter(),
            Login(configuration),
            proven(configuration.tls_server_name),
        )
        """What each request passes: it waits if the server wants that, and both sides prove who they are."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=configuration.connection_pool_maxsize, keepalive_timeout=KEEP_ALIVE
            ),
            headers={"User-Agent": naming.FIELD_MANAGER},
            proxy=self.proxy,
            read_bufsize=paging.MOST_BYTES,
            timeout=aiohttp.ClientTimeout(),
            request_class=gate.Gated,
            cookie_jar=aiohttp.DummyCookieJar(),
            **paging.options(*self.middlewares),
        )

    def another(self, connections: int) -> "Connection":
        """Return one that knows as much and shares no connection with this one, of so many at once."""
        configuration = copy.copy(self._configuration)
        configuration.connection_pool_maxsize = connections
        return Connection(configuration, self._requested, self.middlewares)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    @contextlib.asynccontextmanager
    async def stream(
        self, resource: str, query: dict[str, str], accept: str = JSON
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a read and return its answer before its body has come; raises what aiohttp does."""
        url, headers = f"{self.url}{resource}?{urlencode(query)}", {"Accept": accept}
        async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
            yield answer

    async def send(  # noqa: PLR0913, PLR0917  # a request has as many parts
        self,
        method: str,
        resource: str,
        query: dict[str, str],
        body: Any,
        content_type: str,
        accept: str = JSON,
    ) -> tuple[int, bytes]:
        """Send a request and return the status and the text of the answer, or raise what aiohttp does.

        It must be in a block of `gate.asked`, if it isn't a read.
        """
        began, verb = time.perf_counter(), verb_of(method, query, content_type)
        try:
            status, text = await self._send(method, resource, query, body, (content_type, accept))
        except gate.NotSentError:
            raise  # it was no request
        except BaseException:
            self._requested(verb, None, time.perf_counter() - began)
            raise
        self._requested(verb, status, time.perf_counter() - began)
        return status, text

    async def _send(
        self, method: str, resource: str, query: dict[str, str], body: Any, types: tuple[str, str]
    ) -> tuple[int, bytes]:
        async with self._session.request(
            method,
            f"{self.url}{resource}?{urlencode(query)}",
            headers=dict(zip(("Content-Type", "Accept"), types, strict=True)),
            data=None if body is None else written(body),
            allow_redirects=False,
        ) as answer:
            return answer.status, await answer.read()


async def login(*, connections: int, requested: Requested = lambda *_: None) -> Connection:
    """Log in with the Pod's service account, or else the current kubeconfig.

    Of more requests at once than there may be connections, some wait for others; ``requested`` counts them.
    """
    configuration = client.Configuration(connection_pool_maxsize=connections)
    await credentials.load(configuration)
    return Connection(configuration, requested)


def proven(name: str | None) -> aiohttp.ClientMiddlewareType:
    """Return a middleware of a client's session: a server's certificate has to be for a name.

    Without one it is for the host of the server's address. A kubeconfig has it as ``tls-server-name``.
    """

    async def send_to(
        request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        request.server_hostname = name
        return await send(request)

    return send_to


def written(body: Any) -> bytes:
    """Return the JSON of a body, which says the same as YAML."""
    text = pydantic_core.to_json(body)
    if text.isascii() and b"\x7f" not in text:
        return text
    return NOT_YAML.sub(lambda letter: f"\\u{ord(letter[0]):04x}", text.decode()).encode()


def verb_of(method: str, query: Container[str], content_type: str) -> str:
    """Return what Kubernetes calls a request, but that an apply is told from a patch."""
    match method:
        case "GET":
            return "list" if "limit" in query else "get"
        case "POST":
            return "create"
        case "PATCH":
            return "apply" if content_type == APPLY else "patch"
    return method.lower()


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment has for a server, as in ``HTTPS_PROXY``, or none."""
    server, proxies = urlsplit(url), getproxies()
    is_direct = proxy_bypass(server.netloc) or _is_within(server.hostname or "", proxies.get("no", ""))
    proxy = proxies.get(server.scheme)
    if is_direct or not proxy:
        return None
    return proxy if "://" in proxy else f"http://{proxy}"  # as the clients in Go take it


def _is_within(host: str, networks: str) -> bool:
    """Tell whether a host is an address in one of the networks among what ``NO_PROXY`` lists."""
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        for each in networks.split(","):
            with contextlib.suppress(ValueError):
                if address in ipaddress.ip_network(each.strip(), strict=False):
                    return True
    return False
