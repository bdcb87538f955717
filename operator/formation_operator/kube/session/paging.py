"""Lists that fit into memory, however large their objects are.

An object may have 1 KB or 1.5 MB, and Python needs some twenty times the bytes of the text that it parses.
So a page of a list is read up to a number of bytes. One that has more is dropped, and requested again with
fewer objects.
"""

import aiohttp

MOST_BYTES = 2 * 2**20
"""Bytes of a page of several objects. A single object may be larger: etcd takes 1.5 MiB."""
MOST_OF_ONE = 2**24
"""Bytes of any other answer, or of a line of a watch: an object as JSON may be several times as large as in
etcd."""
FIRST_LIMIT, MOST = 50, 500
"""The limit of a page: the first, and the largest."""
REMEMBERED = 1024
"""For how many lists the limit is remembered."""
STEP = 4
"""The limit grows or shrinks by this factor at the most."""


class TooLargeError(aiohttp.ClientPayloadError):
    """An answer has more bytes than are read."""


class BoundedResponse(aiohttp.ClientResponse):
    """An answer that is read up to a number of bytes."""

    async def read(self) -> bytes:
        """Read the body; raise `TooLargeError` if it has more than `MOST_OF_ONE` bytes."""
        if self._body is None:
            await self.read_within(MOST_OF_ONE)
        return await super().read()

    async def read_within(self, most: int) -> int:
        """Read and keep the body, and return its size; raise `TooLargeError` if it is larger than ``most``.

        Then the connection is closed, because the rest of the body would come on it.
        """
        parts, size = [], 0
        try:
            async for part in self.content.iter_any():
                size += len(part)
                if size > most:
                    raise TooLargeError(f"{self.url.path}: more than {most} bytes")  # noqa: TRY301
                parts.append(part)
        except BaseException:
            self.close()
            raise
        self._body = b"".join(parts)
        return size


class Pages:
    """Middleware of a client's session: sets the limit of each page so that it fits."""

    def __init__(self) -> None:
        self._limits: dict[str, int] = {}
        """By path: the objects of one namespace may be much larger than those of another."""

    async def __call__(
        self, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request; if it is for a page of a list, repeat it until the page fits."""
        if request.method != "GET" or "limit" not in request.url.query:
            return await send(request)
        path = request.url.path
        while True:
            limit = self._limits.get(path, FIRST_LIMIT)
            request.url = request.url.update_query(limit=limit)
            answer = await send(request)
            if answer.status >= 400 or not isinstance(answer, BoundedResponse):
                return answer
            try:
                size = await answer.read_within(MOST_BYTES if limit > 1 else MOST_OF_ONE)
            except TooLargeError:
                if limit == 1:
                    raise
                self._remember(path, max(1, limit // STEP))
            else:
                self._remember(path, following(limit, size))
                return answer

    def _remember(self, path: str, limit: int) -> None:
        if len(self._limits) >= REMEMBERED:
            self._limits.clear()
        self._limits[path] = limit


def following(limit: int, size: int) -> int:
    """Return the limit of the page after one of that limit and size in bytes."""
    fit = limit * (MOST_BYTES // 2) // max(1, size)
    return max(1, min(fit, STEP * limit, MOST))
