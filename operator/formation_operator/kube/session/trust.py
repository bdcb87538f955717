"""A server whose certificate is another authority's by now is trusted once our credentials say so, too.

Both of our clients read the cluster's authority once.  Where that was replaced, they couldn't connect any
more, though the kubelet keeps the file that it was read from up to date, as it does that of our token.
"""

import asyncio
import logging
import math
import ssl

import aiohttp
from kubernetes.aio import client

from formation_operator.kube.session import credentials

logger = logging.getLogger(__name__)
PAUSE = 1.0
"""Seconds between two times that the authorities are read, however often a server can't prove who it is."""


class Trust:
    """Middleware of a client's session: reads anew whom to trust where a server can't prove who it is."""

    def __init__(self, trusted: ssl.SSLContext) -> None:
        """Take what the connections are made with: whom it trusts at first, it does as long as we live."""
        self._trusted = trusted
        self._reading = asyncio.Lock()
        self._read = -math.inf

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request; if the server can't prove who it is, send it again if others are trusted by now."""
        known = self._authorities
        try:
            return await send(request)
        except aiohttp.ClientConnectorCertificateError:
            await self._renew()
            if self._authorities == known:
                raise
        return await send(request)

    @property
    def _authorities(self) -> int:
        return self._trusted.cert_store_stats()["x509_ca"]

    async def _renew(self) -> None:
        """Trust whoever our credentials name by now, too, unless another request has just done so."""
        async with self._reading:
            now = asyncio.get_running_loop().time()
            if now < self._read + PAUSE:
                return
            self._read = now
            logger.warning("The API server can't prove who it is: reading anew whom to trust")
            try:
                configuration = client.Configuration()
                await credentials.load(configuration)
                self._trusted.load_verify_locations(
                    configuration.ssl_ca_cert, cadata=configuration.ca_cert_data
                )
            except Exception:
                logger.exception("There is nobody to trust that can be read")
