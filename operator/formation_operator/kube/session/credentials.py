"""Who we are to the API server and whom we take for it, read anew where one doesn't know the other any more.

A token lasts for ten minutes or an hour, and the file that it is in gets another in time.  What can't be read
of it for a while changes nothing: the last one is good for longer, as client-go has it.  So do certificates
change, ours and that of the cluster's authority.  Both of our clients log in here.
"""

import asyncio
import contextlib
import logging
import math
import pathlib
import ssl
from typing import Any

import aiohttp
from kubernetes.aio import client, config
from kubernetes.aio.client import rest

logger = logging.getLogger(__name__)
HEADER = "Authorization"
REFUSED = 401
PAUSE = 1.0
"""Seconds between two times that credentials are read, however often they are refused."""


class Login:
    """Middleware of a client's session: proves who we are, and has the server prove who it is."""

    def __init__(self, configuration: client.Configuration) -> None:
        """Take the configuration of a client that has logged in."""
        self._configuration = configuration
        self._reading: asyncio.Task[None] | None = None
        self._read = -math.inf
        """When the last reading ended."""
        self._header = ""
        """Who we were when that could be read last."""
        self._unreadable = ""
        """Why it can't be read now."""
        self._trouble = self._unread = ""
        """Why credentials were read, unless they have been good since; and why they could not be."""
        self._tls, self._files = tls_of(configuration), files_of(configuration)

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request; if either side doesn't know the other, send it again if we know more by now."""
        known = await self._sign(request)
        try:
            answer = await send(request)
        except aiohttp.ClientConnectorCertificateError:
            await self._renew("The API server can't prove who it is")
            if await self._sign(request) == known:
                raise
            return await send(request)
        if answer.status != REFUSED:
            self._trouble = ""
            return answer
        with contextlib.ExitStack() as unread:
            unread.callback(answer.close)  # also of who doesn't wait for the end of this
            await self._renew("The API server doesn't accept our credentials")
            if await self._sign(request) == known:
                unread.pop_all()
                return answer
        return await send(request)

    async def _sign(self, request: aiohttp.ClientRequest) -> tuple[str, ssl.SSLContext]:
        """Write into a request who we are and whom we trust, and return both.

        With a certificate the connection says who we are. Raises `ClientConnectionError` if that has never
        been readable: nobody's rights say nothing of ours.
        """
        unreadable = ""
        try:
            self._header = header_of(await self._configuration.auth_settings())
        except Exception as error:  # noqa: BLE001  # a file may be unreadable in many ways
            unreadable = sayable(error)
            if not self._header:
                raise aiohttp.ClientConnectionError(f"our token can't be read: {unreadable}") from None
            if unreadable != self._unreadable:
                logger.warning("Our token can't be read, so the last one is used: %s", unreadable)
        self._unreadable = unreadable
        if self._header:
            request.headers[HEADER] = self._header
        request._ssl = self._tls  # noqa: SLF001  # a connection is of who was trusted then
        return self._header, self._tls

    async def _renew(self, trouble: str) -> None:
        """Read our credentials, but for a while after that was done; who gives up waiting ends no reading.

        A plugin that is asked for them may take longer than some requests.
        """
        if self._reading is None:
            if asyncio.get_running_loop().time() < self._read + PAUSE:
                return
            if trouble != self._trouble:
                logger.warning("%s: reading our credentials anew", trouble)
            self._trouble = trouble
            self._reading = asyncio.create_task(self._reload(), name="credentials")
        await asyncio.shield(self._reading)

    async def _reload(self) -> None:
        try:
            await load(self._configuration)
            files = files_of(self._configuration)
            if files != self._files:
                self._tls, self._files = tls_of(self._configuration), files
        except Exception as error:  # noqa: BLE001  # there are many ways to say who somebody is
            unread = sayable(error)
            if unread != self._unread:
                logger.warning("There are no credentials that can be read: %s", unread)
            self._unread = unread
        else:
            self._unread = ""
        finally:
            self._reading, self._read = None, asyncio.get_running_loop().time()


def tls_of(configuration: client.Configuration) -> ssl.SSLContext:
    """Return what connections are made with: whom to trust, and who we are if a certificate says it.

    It takes whatever CA the clients in Go take, which many clusters have: Python wants more from 3.13 on.
    """
    configuration.disable_strict_ssl_verification = True
    return rest.RESTClientObject(configuration).ssl_context


def files_of(configuration: client.Configuration) -> list[bytes]:
    """Return what connections are made of; raise `OSError` if it can't be read."""
    named = (configuration.ssl_ca_cert, configuration.cert_file, configuration.key_file)
    return [pathlib.Path(file).read_bytes() for file in named if file]


def sayable(error: Exception) -> str:
    """Return what an error may say in a log: most may have words of our token, or of a kubeconfig."""
    return f"{type(error).__name__}: {error}" if isinstance(error, OSError) else type(error).__name__


def header_of(settings: Any) -> str:
    """Return what says who we are, nothing if that isn't a token; raise `ValueError` if it is none."""
    if "BearerToken" not in settings:
        return ""
    scheme, token = settings["BearerToken"]["value"].split()  # a file often ends with a line break
    if not token.isprintable():
        raise ValueError("a token has no control characters")
    return f"{scheme} {token}"


async def load(configuration: client.Configuration) -> None:
    """Log in with the Pod's service account, or else with the current kubeconfig."""
    try:
        config.load_incluster_config(client_configuration=configuration)
    except config.ConfigException:
        await config.load_kube_config(client_configuration=configuration)
