"""The port to the cluster: all that the operator ever asks of an API server.

`kube.Kube` is the real one.  Everything else depends on this protocol alone, and on the errors of
`formation_operator.errors` that each method may raise.
"""

from typing import Any, Protocol

from formation_operator.notices import Notice

Object = dict[str, Any]


class Cluster(Protocol):
    """Reads and writes of objects as plain JSON."""

    async def list_all(self, kind: str, namespace: str | None = None) -> tuple[list[Object], str]:
        """Return all objects of a kind that concern us, everywhere or in one namespace, and their version."""

    async def select(self, kind: str, namespace: str, *, labels: str = "", fields: str = "") -> list[Object]:
        """Return the objects of a namespace that a label selector and a field selector choose."""

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """Return an object as it is now, or nothing."""

    async def apply(self, manifest: Object, *, manager: str, force: bool) -> Object:
        """Write an object by server-side apply and return it as it is then."""

    async def apply_status(self, manifest: Object) -> Object:
        """Write a Formation's status by server-side apply and return the Formation."""

    async def patch(self, kind: str, namespace: str, name: str, operations: list[Object]) -> Object:
        """Change an object by JSON patch and return it."""

    async def delete(self, kind: str, namespace: str, name: str, uid: str) -> None:
        """Delete an object, and only this very one; it is no error if it's gone."""

    async def notify(self, formation: Object, notice: Notice) -> None:
        """Record an Event on a Formation; a failure is logged, never raised."""
