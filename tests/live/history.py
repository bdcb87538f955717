"""Every version that an object went through, as a watch saw it."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from tests.live.client import Client, eventually

T = TypeVar("T")


class History:
    """Watches one object from now on, whether or not it exists yet."""

    def __init__(self, user: Client, kind: str, name: str) -> None:
        self._user, self._kind, self._name = user, kind, name
        self._watch = user.server.watch(kind, user.namespace, name)

    def end(self) -> list[dict[str, Any]]:
        """Stop watching and return the versions in their order, the present one included."""
        present = self._user.find(self._kind, self._name)

        def caught_up() -> list[dict[str, Any]] | None:
            versions = self._watch.versions()
            return versions if versions and reaches(versions[-1], present) else None

        try:
            return eventually(caught_up)
        finally:
            self._watch.end()


def reaches(version: dict[str, Any], present: dict[str, Any] | None) -> bool:
    """Tell whether a version is the present one, or the last one of an object that has gone."""
    metadata = version["metadata"]
    if present is None:
        return "deletionTimestamp" in metadata
    return int(metadata["resourceVersion"]) >= int(present["metadata"]["resourceVersion"])


def stages(versions: Iterable[dict[str, Any]], judge: Callable[[dict[str, Any]], T]) -> list[T]:
    """Return what was judged of the versions one after the other, repetitions left out."""
    found: list[T] = []
    for version in versions:
        judged = judge(version)
        if not found or found[-1] != judged:
            found.append(judged)
    return found
