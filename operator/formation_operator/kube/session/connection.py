"""The session of our requests, and the fence that lets only the leader write."""

import re
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import pydantic_core
from kubernetes.aio import client

from formation_operator.api import naming
from formation_operator.kube.session import credentials
from formation_operator.kube.session.credentials import Login
from formation_operator.kube.session.paging import MOST_BYTES, BoundedResponse, Pages
from formation_operator.kube.session.retry_after import RetryAfter

Requested = Callable[[str, int | None, float], None]
"""Counts a request: its verb, the status of its answer if one came, and the seconds that it took."""
JSON = "application/json"
APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
REQUESTS = {
    "get": ("GET", JSON),
    "list": ("GET", JSON),
    "create": ("POST", JSON),
    "apply": ("PATCH", APPLY),
    "patch": ("PATCH", JSON_PATCH),
    "delete": ("DELETE", JSON),
}
"""Method and type of the body by the verb of a request, as Kubernetes has it, but for server-side apply."""
NOT_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufffe\uffff]")
"""Letters that JSON allows as they are and YAML doesn't. The API server reads what is applied as YAML: it
refuses these letters, or folds them into a space.

Source: https://yaml.org/spec/1.1/#c-printable
"""
KEEP_ALIVE = 80.0
"""Seconds for which an idle connection is kept: a new one costs a TLS handshake, and the API server closes
idle ones after 90.

Source: ``IdleTimeout`` in ``k8s.io/apiserver/pkg/server/secure_serving.go``.
"""

CONNECT_SECONDS = 2.0
"""Seconds that a request may wait for a connection after it was checked that it may be sent.

They are fewer than those for which a Lease outlasts the right to write (`election.LEASE`): a write that
waited longer could be sent while another replica leads.
"""


class NotSentError(aiohttp.ClientError):
    """A request wasn't sent."""


class Fence:
    """Middleware of a client's session: sends no write while this process may not write.

    It is the last one before a request is sent: a request may have waited because of ``Retry-After``. aiohttp
    tries some a second time, through this.
    """

    def __init__(self, may_write: Callable[[], bool]) -> None:
        """Take a function that returns whether to write."""
        self.may_write = may_write

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request; raise `NotSentError` for a write that may not be sent."""
        if request.method == "GET" or self.may_write():
            return await send(request)
        raise NotSentError("not sent: another replica may lead now")


class Connection:
    """Requests to one API server, whose lists fit into memory.

    It doesn't use the client's own session, which looks for a proxy and into netrc at each request (that
    takes longer than all else), nor its methods, which take a fourth of the rest. The caller limits the time
    of a request, instead of aiohttp's timers.

    No redirect is followed, since each request carries our credentials. No cookie is kept.
    """

    def __init__(
        self,
        configuration: client.Configuration,
        requested: Requested = lambda *_: None,
        middlewares: Sequence[aiohttp.ClientMiddlewareType] = (),
        connections: int | None = None,
    ) -> None:
        """Take the server's address and our credentials, a counter of requests, and shared middlewares.

        ``connections`` is how many there are at most, if not as many as the configuration says.
        """
        most = configuration.connection_pool_maxsize if connections is None else connections
        self._configuration = configuration
        self._requested = requested
        self.url = str(configuration.host)
        self.proxy = configuration.proxy or proxy_for(self.url)
        self.middlewares = middlewares or (RetryAfter(), Login(configuration))
        """They pause requests as the server wants, and add our credentials."""
        self.fence = Fence(lambda: True)
        """It lets all writes through until it is given another ``may_write``."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=most, keepalive_timeout=KEEP_ALIVE),
            headers={"User-Agent": naming.FIELD_MANAGER},
            proxy=self.proxy,
            read_bufsize=MOST_BYTES,
            timeout=aiohttp.ClientTimeout(connect=CONNECT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            response_class=BoundedResponse,
            middlewares=(Pages(), *self.middlewares, self.fence),
        )

    def another(self, connections: int) -> "Connection":
        """Return another one with the same credentials, connections of its own, and no fence."""
        return Connection(self._configuration, self._requested, self.middlewares, connections)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    def stream(
        self, resource: str, query: dict[str, str]
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Send a read, and return its answer before the body has come. Raises what aiohttp does."""
        url = self._url(resource, query)
        return self._session.get(url, headers={"Accept": JSON}, allow_redirects=False)

    async def send(
        self, verb: str, resource: str, query: dict[str, str], body: Any = None, accept: str = JSON
    ) -> tuple[int, bytes]:
        """Send a request and return the status and the text of the answer, or raise what aiohttp does."""
        method, content_type = REQUESTS[verb]
        started = time.perf_counter()
        try:
            async with self._session.request(
                method,
                self._url(resource, query),
                headers={"Content-Type": content_type, "Accept": accept},
                data=None if body is None else written(body),
                allow_redirects=False,
            ) as answer:
                status, text = answer.status, await answer.read()
        except NotSentError:
            raise  # it isn't counted as a request
        except BaseException:
            self._requested(verb, None, time.perf_counter() - started)
            raise
        self._requested(verb, status, time.perf_counter() - started)
        return status, text

    def _url(self, resource: str, query: dict[str, str]) -> str:
        return f"{self.url}{resource}?{urlencode({key: value for key, value in query.items() if value})}"


async def login(*, connections: int, requested: Requested = lambda *_: None) -> Connection:
    """Log in with the Pod's service account, or else the current kubeconfig.

    ``connections`` is how many requests may run at the same time; ``requested`` counts them.
    """
    configuration = client.Configuration(connection_pool_maxsize=connections)
    await credentials.load(configuration)
    return Connection(configuration, requested)


def written(body: Any) -> bytes:
    """Return the JSON of a body, escaped so that it means the same as YAML."""
    text = pydantic_core.to_json(body)
    if text.isascii() and b"\x7f" not in text:
        return text
    return NOT_YAML.sub(lambda letter: f"\\u{ord(letter[0]):04x}", text.decode()).encode()


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment has for a server, as in ``HTTPS_PROXY``, or none."""
    server = urlsplit(url)
    proxy = getproxies().get(server.scheme)
    if proxy_bypass(server.netloc) or not proxy:
        return None
    return proxy if "://" in proxy else f"http://{proxy}"  # as the clients in Go take it
