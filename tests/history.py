"""Every version that an object went through, as a watch saw it."""

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from tests.client import Client, eventually

T = TypeVar("T")


class History:
    """Watches one object from now on."""

    def __init__(self, user: Client, kind: str, name: str) -> None:
        self._file = tempfile.TemporaryFile("w+")  # noqa: SIM115  # a pipe would be full before anybody reads it
        watch = ("get", kind, name, "--watch", "--show-managed-fields", "-o", "json")
        self._process = user.start(*watch, stdout=self._file)
        eventually(lambda: os.fstat(self._file.fileno()).st_size)  # from here on nothing is missed

    def end(self) -> list[dict[str, Any]]:
        """Stop watching and return the versions in their order."""
        time.sleep(0.5)
        self._process.terminate()
        self._process.wait()
        with self._file as file:
            file.seek(0)
            text = file.read()
        decoder, versions, position = json.JSONDecoder(), [], 0
        while text[position:].strip():
            position += len(text[position:]) - len(text[position:].lstrip())
            version, position = decoder.raw_decode(text, position)
            versions.append(version)
        return versions


def stages(versions: Iterable[dict[str, Any]], judge: Callable[[dict[str, Any]], T]) -> list[T]:
    """Return what was judged of the versions one after the other, repetitions left out."""
    found: list[T] = []
    for version in versions:
        judged = judge(version)
        if not found or found[-1] != judged:
            found.append(judged)
    return found
