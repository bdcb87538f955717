"""Our credentials and the certificates that we trust, read again when the server or we refuse the other's.

A token lasts for ten minutes or an hour, and kubelet writes the next one into the same file in time. If the
file can't be read for a while, the last token is used, as in client-go. Certificates change, too: ours, and
that of the cluster's authority. Our session and kopf's both log in here.
"""

import asyncio
import contextlib
import logging
import math
import ssl
import time
from typing import Any

import aiohttp
from kubernetes.aio import client, config
from kubernetes.aio.client import rest

from formation_operator.telemetry.records import Repeated

logger = logging.getLogger(__name__)
HEADER = "Authorization"
REFUSED = 401
APART = 1.0
"""Credentials are read at most once in so many seconds, however often they are refused."""


class UnreadableError(Exception):
    """There are no credentials for the cluster."""


class Login:
    """Middleware of a client's session: adds our credentials, and checks the server's certificate."""

    def __init__(self, configuration: client.Configuration) -> None:
        """Take the configuration of a client that has logged in."""
        self._configuration = configuration
        self._reading = asyncio.Lock()
        self._last_read = -math.inf
        self._header = ""
        """The token that was last readable, as a header."""
        self._tls = tls_of(configuration)
        self._no_token, self._refused = Repeated(), Repeated()

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request; if either side refuses the other, send it again with newer credentials."""
        before = await self._sign(request)
        try:
            answer = await send(request)
        except aiohttp.ClientConnectorCertificateError:
            await self._read_again("The API server can't prove who it is")
            if await self._sign(request) == before:
                raise
            return await send(request)
        if answer.status != REFUSED:
            self._refused.warn(logger, "")
            return answer
        with contextlib.ExitStack() as unread:
            unread.callback(answer.close)  # even if the caller is cancelled meanwhile
            await self._read_again("The API server doesn't accept the credentials")
            if await self._sign(request) == before:
                unread.pop_all()
                return answer
        return await send(request)

    async def _sign(self, request: aiohttp.ClientRequest) -> tuple[str, ssl.SSLContext]:
        """Write our token and the certificates that we trust into a request, and return both.

        With a client certificate there is no token. Raises `ClientConnectionError` if a token has never been
        readable: an anonymous request would be forbidden, as if rights were missing.
        """
        trouble = ""
        try:
            self._header = header_of(await self._configuration.auth_settings())
        except Exception as error:  # noqa: BLE001  # a file may be unreadable in many ways
            trouble = sayable(error)
            if not self._header:
                raise aiohttp.ClientConnectionError(f"the token can't be read: {trouble}") from None
        self._no_token.warn(logger, trouble, "The token can't be read, so the last one is used: %s")
        if self._header:
            request.headers[HEADER] = self._header
        request.server_hostname = self._configuration.tls_server_name
        request._ssl = self._tls  # noqa: SLF001  # a connection belongs to the certificates of its time
        return self._header, self._tls

    async def _read_again(self, trouble: str) -> None:
        """Read our credentials again, unless that was just done."""
        async with self._reading:
            if time.monotonic() < self._last_read + APART:
                return
            outcome = "reading the credentials again"
            try:
                await load(self._configuration)
                self._tls = tls_of(self._configuration)
            except Exception as error:  # noqa: BLE001  # there are many ways to log in
                outcome = f"no credentials can be read: {sayable(error)}"
            self._refused.warn(logger, f"{trouble}: {outcome}")
            self._last_read = time.monotonic()


def tls_of(configuration: client.Configuration) -> ssl.SSLContext:
    """Return the TLS context of connections: trusted authorities, and our client certificate, if we have one.

    It accepts any authority that clients in Go accept: Python is stricter from 3.13 on.
    """
    configuration.disable_strict_ssl_verification = True
    return rest.RESTClientObject(configuration).ssl_context


def sayable(error: Exception) -> str:
    """Return what the log may have of an error, whose text may quote a token or a kubeconfig."""
    return f"{type(error).__name__}: {error}" if isinstance(error, OSError) else type(error).__name__


def header_of(settings: Any) -> str:
    """Return the header with our token, or nothing without one; raise `ValueError` if it is malformed."""
    if "BearerToken" not in settings:
        return ""
    scheme, token = settings["BearerToken"]["value"].split()  # a file often ends with a line break
    if not token.isprintable():
        raise ValueError("a token has no control characters")
    return f"{scheme} {token}"


async def load(configuration: client.Configuration) -> None:
    """Log in with the Pod's service account, or else with the current kubeconfig.

    Raises `UnreadableError` if there is neither.
    """
    try:
        config.load_incluster_config(client_configuration=configuration)
    except config.ConfigException:
        try:
            await config.load_kube_config(client_configuration=configuration)
        except Exception as error:  # a file may be unreadable in many ways
            why = str(error) if isinstance(error, config.ConfigException) else sayable(error)
            raise UnreadableError(f"the credentials for the cluster can't be read: {why}") from error
