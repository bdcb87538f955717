"""Every version that an object went through, as a watch saw it."""

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from tests.client import Client, eventually

T = TypeVar("T")


class History:
    """Watches one object from now on."""

    def __init__(self, user: Client, kind: str, name: str) -> None:
        self._user, self._kind, self._name = user, kind, name
        self._file = tempfile.TemporaryFile("w+")  # noqa: SIM115  # a pipe would be full before anybody reads it
        watch = ("get", kind, name, "--watch", "--show-managed-fields", "-o", "json")
        self._process = user.start(*watch, stdout=self._file)
        eventually(lambda: os.fstat(self._file.fileno()).st_size)  # from here on nothing is missed

    def end(self) -> list[dict[str, Any]]:
        """Stop watching and return the versions in their order, the present one included."""
        present = self._user.find(self._kind, self._name)

        def caught_up() -> list[dict[str, Any]] | None:
            versions = list(self._versions())
            return versions if versions and reaches(versions[-1], present) else None

        try:
            return eventually(caught_up)
        finally:
            self._process.terminate()
            self._process.wait()
            self._file.close()

    def _versions(self) -> Iterator[dict[str, Any]]:
        """Yield what has been written so far, but for a version that is half written."""
        # Without moving the file's position, which is kubectl's, too.
        descriptor = self._file.fileno()
        text = os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode(errors="replace")
        decoder, position = json.JSONDecoder(), 0
        with contextlib.suppress(json.JSONDecodeError):
            while text[position:].strip():
                position += len(text[position:]) - len(text[position:].lstrip())
                version, position = decoder.raw_decode(text, position)
                yield version


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
