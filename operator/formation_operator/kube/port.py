"""The port to the cluster: all requests of the operator to an API server, as a protocol.

`api_server.Kube` implements it.  The rooms above depend on it alone, and on the errors of
`formation_operator.kube.errors` that each method may raise.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

from formation_operator.kube import errors
from formation_operator.kube.notices import Notice
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import Kind

Object = dict[str, Any]
NO_ONES = "1"
"""A resource version that no object has: a write over it creates an object, or is a conflict."""

T = TypeVar("T")
MOST_PAGES = 10
PATIENCE = 2.0
"""Seconds for which a pass waits for an answer that no count is about: counts wait no longer."""


class Cluster(Protocol):
    """Reads and writes of objects as plain JSON."""

    def pages(self, kind: Kind, namespace: str | None = None) -> AsyncIterator[tuple[list[Object], str]]:
        """Yield pages of the objects that a kind's selector chooses, in a namespace or in all.

        A whole list may not fit into memory. Each page comes with the resource version of its list, and is
        emptied before the next one.
        """

    def watch(
        self, kind: Kind, namespace: str | None, version: int
    ) -> AbstractAsyncContextManager[AsyncIterator[Object]]:
        """Watch the objects of a kind that its selector chooses, in a namespace or in all, from a version on.

        Each event is as the server sends it, with ``type`` and ``object``. The watch has started when the
        context is entered, and ends when the server ends it. Raises `ExpiredError` if the version is too old,
        and `UnavailableError` if the connection is lost.
        """

    def select(
        self, kind: str, namespace: str, *, labels: str = "", fields: str = ""
    ) -> AsyncIterator[list[Object]]:
        """Yield pages of the objects in a namespace, or of those that the selectors choose.

        Each page is emptied before the next one. The caller may stop early.
        """

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """Return an object as it is now, or nothing if there is none."""

    async def create(self, manifest: Object, *, manager: str) -> Object:
        """Create an object by server-side apply and return it; raise `ConflictError` if its name is taken."""

    async def apply(self, manifest: Object, *, manager: str) -> Object:
        """Write an object by server-side apply with force, and return it as it is then."""

    async def replace_status(self, manifest: Object) -> Object:
        """Replace a Formation's whole status and return the Formation; `ConflictError` at another version.

        An older CRD prunes the fields that it doesn't know.
        """

    async def patch(self, kind: str, namespace: str, name: str, operations: list[Object]) -> Object:
        """Change an object by JSON patch and return it."""

    async def delete(  # noqa: PLR0913  # the first five say which object
        self, kind: str, namespace: str, name: str, uid: str, version: str, *, foreground: bool = False
    ) -> bool:
        """Delete an object that has a uid and a version; return whether there is one of its name.

        In the foreground it stays, with a deletionTimestamp, until what it owns is gone. Raises
        `ConflictError` if it has another uid or version.
        """

    async def schema(self, kind: str, *, recent: bool = False) -> Object:
        """Return the JSON schema of a kind as the cluster knows it, now or just before (``recent``)."""

    async def notify(self, formation: Object, notice: Notice) -> None:
        """Record an Event on a Formation, of which only name, namespace and uid are read."""


async def first_objects(
    pages: AsyncIterator[list[Object]], most: int = MOST_PAGES, *, whole: bool = False
) -> AsyncIterator[Object]:
    """Yield the objects of the first pages of a selection: anyone may have made thousands more.

    Raises `UnavailableError` at the end of these if the ``whole`` selection is needed.
    """
    read = 0
    async for page in pages:
        for raw in page:
            yield raw
        read += 1
        if read == most:
            if whole:
                raise errors.UnavailableError("there are too many")
            return


def events_of(cluster: Cluster, namespace: str, uid: str, most: int) -> AsyncIterator[Object]:
    """Yield the Events about an object, of the first pages."""
    return first_objects(cluster.select(kinds.EVENT, namespace, fields=f"regarding.uid={uid}"), most)


async def patient(answer: Awaitable[T]) -> T:
    """Return an answer, or raise `UnavailableError` if it takes longer than a pass waits.

    What needs several requests waits for each: where a server answers late, it gets on all the same.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            return await answer
    except TimeoutError:
        raise errors.UnavailableError("no answer") from None
