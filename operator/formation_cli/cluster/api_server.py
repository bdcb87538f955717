"""The only module that talks to the API server: the port `port.Cluster`."""

import copy
import json
import pathlib
import socket
import ssl
import tempfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import urllib3
from urllib3.util import ssl_

from formation_cli.cluster import answers, kinds, kubeconfig, lines
from formation_cli.cluster.access import Access, Server
from formation_cli.cluster.answers import Request
from formation_cli.cluster.port import (
    Change,
    Cluster,
    CutFailure,
    GoneError,
    Listed,
    LogQuery,
    Object,
    Target,
)
from formation_cli.failures import NoAccess
from formation_cli.objects import FIELD_MANAGER
from formation_operator import __version__

TIMEOUT = 30.0
"""Seconds that a request may take."""
WATCH = 240
"""Seconds after which the server ends a watch, and we begin the next: a dead connection tells nothing."""
PAGE = 500
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
HTTP_ERROR = 400
NOT_THERE = 404
GONE = 410
AGENT = f"kubectl-formation/{__version__}"
"""By which the audit log calls us."""
CONNECTIONS = 256
"""As many logs are followed at once without a new connection for each request."""
ONCE = urllib3.Retry(connect=0, read=0)
"""How often a request is tried: else it would take four times as long as it may."""
PROBES = {"TCP_KEEPIDLE": 30, "TCP_KEEPALIVE": 30, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 9}
KEEP_ALIVE = [
    *urllib3.connection.HTTPConnection.default_socket_options,
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, key), each)
        for key, each in PROBES.items()
        if hasattr(socket, key)
    ),
]
"""As client-go: or a connection that was idle for long may be dead, and nobody knows."""


class Kube(Cluster):
    """A connection to one cluster."""

    def __init__(self, access: Access, timeout: float = TIMEOUT) -> None:
        """Take how to reach it, and how many seconds a request may take."""
        self._connections = _connections(access.server)
        self._access = access
        self.target, self.namespace = access.target, access.namespace
        self._timeout = timeout

    def in_all_namespaces(self) -> Cluster:
        """Return the same connection for what is in any namespace, or in none."""
        other = copy.copy(self)
        other.namespace = ""
        return other

    def get(self, kind: str, name: str) -> Object | None:
        """Return an object, or nothing."""
        return self._find(Request("GET", kind, self.namespace, name))

    def select(self, kind: str, *, labels: str = "", fields: str = "") -> Listed:
        """Return the objects of a kind that the selectors choose."""
        query = {"limit": str(PAGE), "labelSelector": labels, "fieldSelector": fields}
        items: list[Object] = []
        while True:
            request = Request("GET", kind, self.namespace, query=query)
            response = self._send(request, self._timeout)
            page = self._object(request, response)
            items += page["items"]
            query["continue"] = page["metadata"].get("continue", "")
            if not query["continue"]:
                version = page["metadata"].get("resourceVersion", "")  # metrics have none
                return Listed(items, version, answers.time_of(response.headers))

    def watch(self, kind: str, version: str, *, labels: str = "", fields: str = "") -> Iterator[Change]:
        """Yield what happens after a version, until the server ends that; raises `GoneError`."""
        query = {
            "watch": "1",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(WATCH),
            "labelSelector": labels,
            "fieldSelector": fields,
        }
        request = Request("GET", kind, self.namespace, query=query)
        response = self._send(request, WATCH + TIMEOUT, goes_on=True)
        if response.status == GONE:
            raise GoneError(version)
        for event in lines.values(_successful(request, response)):
            if event["type"] == "ERROR":
                raise GoneError(event["object"].get("message"))
            yield Change(event["type"], event["object"])

    def patch(self, kind: str, name: str, patch: list[Object] | Object, *, dry_run: bool = False) -> Object:
        """Change an object by JSON patch (a list) or merge patch, and return it as it is then."""
        form = JSON_PATCH if isinstance(patch, list) else MERGE_PATCH
        query = _writing(dry_run=dry_run)
        return self._answer(Request("PATCH", kind, self.namespace, name, "", query, patch, form))

    def create(self, manifest: Object, *, dry_run: bool = False) -> Object:
        """Create an object, and return it."""
        query = _writing(dry_run=dry_run)
        return self._answer(Request("POST", manifest["kind"], self.namespace, query=query, body=manifest))

    def delete(self, kind: str, name: str, *, dry_run: bool = False) -> None:
        """Delete an object and what it owns; it is no failure if it's gone."""
        body = {"propagationPolicy": "Background", **({"dryRun": ["All"]} if dry_run else {})}
        self._find(Request("DELETE", kind, self.namespace, name, body=body))

    def log(self, pod: str, query: LogQuery) -> Iterator[bytes]:
        """Yield the lines of a log with their ends, until it ends; raises `CutFailure` if it breaks off."""
        response = self._log(pod, query)
        try:
            yield from lines.of(response)
        except lines.BROKEN as error:
            raise CutFailure(f"The log of Pod {pod} broke off.") from error

    def _log(self, pod: str, query: LogQuery) -> urllib3.BaseHTTPResponse:
        parameters = {
            "container": query.container,
            "follow": "true" if query.follow else "",
            "previous": "true" if query.previous else "",
            "sinceSeconds": "" if query.since_seconds is None else str(query.since_seconds),
            "sinceTime": query.since_time,
            "tailLines": "" if query.tail is None else str(query.tail),
            "timestamps": "true" if query.timestamps else "",
        }
        request = Request("GET", kinds.POD, self.namespace, pod, "log", parameters)
        response = self._send(request, None if query.follow else self._timeout, goes_on=True)
        return _successful(request, response)

    def _find(self, request: Request) -> Object | None:
        """Return what the server answers, or nothing if the object isn't there."""
        response = self._send(request, self._timeout)
        if response.status == NOT_THERE and answers.is_object(response.data):
            return None
        return self._object(request, response)

    def _answer(self, request: Request) -> Object:
        return self._object(request, self._send(request, self._timeout))

    def _object(self, request: Request, response: urllib3.BaseHTTPResponse) -> Object:
        try:
            return dict(lines.parsed(_successful(request, response).data))
        except (TypeError, ValueError) as error:  # a proxy's page, or that of somebody else's server
            raise answers.strange(self._access.server.host) from error

    def _send(
        self, request: Request, timeout: float | None, *, goes_on: bool = False
    ) -> urllib3.BaseHTTPResponse:
        """Send a request and return the answer, unread if it goes on."""
        pairs = urlencode({key: value for key, value in request.query.items() if value}, quote_via=quote)
        url = f"{self._access.server.host}{request.path}" + (f"?{pairs}" if pairs else "")
        try:
            response = self._connections.request(
                request.method,
                url,
                headers=self._headers(request),
                body=None if request.body is None else json.dumps(request.body),
                timeout=timeout,
                preload_content=False,
            )
            if not goes_on or response.status >= HTTP_ERROR:
                response.read(cache_content=True)
        except lines.BROKEN as error:
            raise answers.unreachable(self._access.server.host, error) from error
        except ValueError:  # it would show a token
            sentence = "The token, or the user to impersonate, has a character that can't be sent."
            raise NoAccess(sentence) from None
        return response

    def _headers(self, request: Request) -> urllib3.HTTPHeaderDict:
        """Return the headers of a request, which also say as whom it is sent, if it isn't as oneself."""
        known = {"Accept": "*/*", "Content-Type": request.content_type, "User-Agent": AGENT}
        headers = urllib3.HTTPHeaderDict(known)
        if authorization := self._access.server.authorization():
            headers.add("Authorization", authorization)
        for name, value in self._access.headers:
            headers.add(name, value)
        return headers


def _successful(request: Request, response: urllib3.BaseHTTPResponse) -> urllib3.BaseHTTPResponse:
    """Return an answer, or raise the `Failure` that it is."""
    if response.status >= HTTP_ERROR:
        raise answers.failure(request, response.status, response.data)
    return response


def _connections(server: Server) -> urllib3.PoolManager:
    """Return what makes the connections to a server, and keeps them."""
    tls = _tls(server)
    how: dict[str, Any] = {
        "ssl_context": tls,
        "cert_reqs": tls.verify_mode,
        "retries": ONCE,
        "maxsize": CONNECTIONS,
        "socket_options": KEEP_ALIVE,
        **({"server_hostname": server.tls_name} if server.tls_name else {}),
    }
    if not server.is_verified:  # anyone who wants it so need not be warned at each request
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    try:
        return urllib3.ProxyManager(server.proxy, **how) if server.proxy else urllib3.PoolManager(**how)
    except urllib3.exceptions.HTTPError as error:
        raise NoAccess(f"The proxy can't be used: {error}") from error


def _tls(server: Server) -> ssl.SSLContext:
    """Return what connections are made with: a certificate needs to have no more than kubectl asks for.

    Python asks for key identifiers and a key usage from 3.13 on, as does urllib3; many clusters have none.
    """
    verified = ssl.CERT_REQUIRED if server.is_verified else ssl.CERT_NONE
    context = ssl_.create_urllib3_context(cert_reqs=verified)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    try:
        if server.authority:
            context.load_verify_locations(cadata=server.authority)
        else:
            context.load_default_certs()
        if server.certificate:
            with tempfile.TemporaryDirectory() as folder:  # Python takes a key from a file alone
                pair = pathlib.Path(folder, "pair")
                pair.write_text(server.certificate)
                context.load_cert_chain(pair)
    except ssl.SSLError as error:
        raise NoAccess("A certificate or a key of the kubeconfig can't be used.") from error
    return context


def _writing(*, dry_run: bool) -> dict[str, str]:
    return {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict", "dryRun": "All" if dry_run else ""}


def connect(target: Target, timeout: float = TIMEOUT) -> Kube:
    """Connect to the cluster that is meant."""
    return Kube(kubeconfig.load(target), timeout)
