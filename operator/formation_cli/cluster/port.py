"""The port to the cluster: all that a command asks of an API server, in one namespace or in all.

`api_server.Kube` is the real one. A method that fails raises a `failures.Failure`: why, and what to do.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from formation_cli.failures import Failure

Object = dict[str, Any]


class Change(NamedTuple):
    """What a watch tells: ADDED, MODIFIED or DELETED, and the object as it is now, or was last."""

    type: str
    object: Object


class Listed(NamedTuple):
    """The objects of a kind, and the version from which a watch goes on."""

    items: list[Object]
    version: str
    time: float = 0.0
    """When the server answered, by its own clock, in seconds since 1970."""


class LogQuery(NamedTuple):
    """Which lines of a container's log are wanted."""

    container: str
    follow: bool = False
    previous: bool = False
    since_seconds: int | None = None
    tail: int | None = None
    timestamps: bool = False
    """Whether each line begins with its time and a space."""
    since_time: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Target:
    """What the command line says; nothing means what the kubeconfig says."""

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    as_user: str | None = None

    def flags(self) -> list[str]:
        """Return the same for kubectl, but for the namespace, as words of its command line."""
        given = {"kubeconfig": self.kubeconfig, "context": self.context, "as": self.as_user}
        return [f"--{name}={value}" for name, value in given.items() if value]


class Cluster(Protocol):
    """Reads and writes of objects as plain JSON."""

    target: Target
    """What the command line says, and the kubeconfig where that says nothing."""
    namespace: str
    """The namespace that everything is in; empty for all of them."""

    def in_all_namespaces(self) -> "Cluster":
        """Return the same cluster for what is in any namespace, or in none."""

    def get(self, kind: str, name: str) -> Object | None:
        """Return an object, or nothing."""

    def select(self, kind: str, *, labels: str = "", fields: str = "") -> Listed:
        """Return the objects of a kind that the selectors choose."""

    def watch(self, kind: str, version: str, *, labels: str = "", fields: str = "") -> Iterator[Change]:
        """Yield what happens after a version, until the server ends that; an old version raises `Gone`."""

    def patch(self, kind: str, name: str, patch: list[Object] | Object, *, dry_run: bool = False) -> Object:
        """Change an object by JSON patch (a list) or merge patch, and return it as it is then."""

    def create(self, manifest: Object, *, dry_run: bool = False) -> Object:
        """Create an object, and return it."""

    def delete(self, kind: str, name: str, *, dry_run: bool = False) -> None:
        """Delete an object and what it owns; it is no failure if it's gone."""

    def log(self, pod: str, query: LogQuery) -> Iterator[bytes]:
        """Yield the lines of a log with their ends, until it ends; raises `CutFailure` if it breaks off."""


class ConflictFailure(Failure):
    """Ends a command whose write came too late: somebody else has changed the object."""


class CutFailure(Failure):
    """Ends a command whose answer broke off: there may be more of it."""


class GoneError(Exception):
    """The version is too old to be watched from: list again."""
