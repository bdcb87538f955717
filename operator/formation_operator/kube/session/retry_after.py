"""Requests pause for as long as the server's ``Retry-After`` says, in one namespace or in the whole cluster.

A tenant can cause such an answer in its own namespace by an admission webhook. So the pause doesn't affect
other namespaces, and a Lease only for a moment, because its renewals have a deadline (`election.LEASE`).
A request that times out during the pause has failed like any other, and is tried again later.
"""

import asyncio
import re

import aiohttp

STATUSES = {429, 503}
LONGEST = 10.0
"""The longest pause in seconds, whatever the server says."""
LEASES = "/coordination.k8s.io/"
LONGEST_OF_LEASE = 1.0
"""The longest pause in seconds of a request for a Lease, which is well within `election.DEADLINE`."""
NAMESPACE = re.compile("/namespaces/([^/]*)")


class RetryAfter:
    """Middleware of a client's session: pauses as long as the server wants."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        """When the pause of a namespace ends, by the loop's clock; the whole cluster has an empty name."""

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request after the pause."""
        now = asyncio.get_running_loop().time
        namespace = namespace_of(request) or ""
        if (wait := self._until.get(namespace, 0.0) - now()) > 0:
            is_of_lease = LEASES in request.url.raw_path
            await asyncio.sleep(min(wait, LONGEST_OF_LEASE) if is_of_lease else wait)
        answer = await send(request)
        if answer.status in STATUSES and (seconds := wish(answer)):
            held = {name: until for name, until in self._until.items() if until > now()}
            self._until = {**held, namespace: max(held.get(namespace, 0.0), now() + seconds)}
        return answer


def namespace_of(request: aiohttp.ClientRequest) -> str | None:
    """Return the namespace that a request is about; nothing if it is about all of them."""
    match = NAMESPACE.search(request.url.raw_path)
    return match[1] if match else None


def wish(answer: aiohttp.ClientResponse) -> float:
    """Return for how many seconds the server wants no requests; none for a date, which no API server sends.

    Source: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    """
    text = answer.headers.get("Retry-After", "")
    return min(float(text), LONGEST) if text.isascii() and text.isdigit() else 0.0
