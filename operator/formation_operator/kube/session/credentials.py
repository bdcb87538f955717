"""Who we are to the API server, read anew when it doesn't know us any more.

A token lasts for ten minutes or an hour, and the file that it is in gets another in time.  What can't be read
of it for a while changes nothing: the last one is good for longer, as client-go has it.  Both of our clients
log in here.
"""

import asyncio
import contextlib
import logging
import math
from typing import Any

import aiohttp
from kubernetes.aio import client, config

logger = logging.getLogger(__name__)
HEADER = "Authorization"
REFUSED = 401
PAUSE = 1.0
"""Seconds between two times that credentials are read, however often they are refused."""


class Login:
    """Middleware of a client's session: proves who we are."""

    def __init__(self, configuration: client.Configuration) -> None:
        """Take the configuration of a client that has logged in."""
        self._configuration = configuration
        self._reading = asyncio.Lock()
        self._read = -math.inf
        self._header = ""
        """Who we were when that could be read last."""
        self._unreadable = ""
        """Why it can't be read now."""

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request; if our credentials are refused, send it again if there are others by now."""
        known = await self._sign(request)
        answer = await send(request)
        if answer.status != REFUSED:
            return answer
        with contextlib.ExitStack() as unread:
            unread.callback(answer.close)  # also of who doesn't wait for the end of this
            await self._renew()
            if await self._sign(request) == known:
                unread.pop_all()
                return answer
        return await send(request)

    async def _sign(self, request: aiohttp.ClientRequest) -> str:
        """Write into a request who we are, and return it; with a certificate the connection says it.

        Raises `ClientConnectionError` if that has never been readable: nobody's rights say nothing of ours.
        """
        unreadable = ""
        try:
            self._header = header_of(await self._configuration.auth_settings())
        except Exception as error:  # noqa: BLE001  # a file may be unreadable in many ways
            # Not its repr: of a file that is no text, that has all there is, and most of it is our token.
            unreadable = f"{type(error).__name__}: {error}"
            if not self._header:
                raise aiohttp.ClientConnectionError(f"our token can't be read: {unreadable}") from None
            if unreadable != self._unreadable:
                logger.warning("Our token can't be read, so the last one is used: %s", unreadable)
        self._unreadable = unreadable
        if self._header:
            request.headers[HEADER] = self._header
        return self._header

    async def _renew(self) -> None:
        """Read our credentials, unless another request has just done so."""
        async with self._reading:
            now = asyncio.get_running_loop().time()
            if now < self._read + PAUSE:
                return
            self._read = now
            logger.warning("The API server doesn't accept our credentials: reading them anew")
            try:
                await load(self._configuration)
            except Exception:
                logger.exception("There are no credentials that can be read")


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
