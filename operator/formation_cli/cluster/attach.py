"""kubectl attach: on its own at a terminal, and through our hands where bytes come by a pipe."""

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Iterator
from typing import NamedTuple

from formation_cli.cluster import kubectl
from formation_cli.cluster.port import Cluster

OUT, ERR = 1, 2
"""The streams, by their numbers."""
CHUNK = 65536


class Piece(NamedTuple):
    """A part of what a process writes, and to which stream."""

    stream: int
    text: bytes


class Attachment:
    """What kubectl attach brings, until it has ended."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        """Take kubectl, whose output comes by pipes."""
        self._child = child
        self._selector = selectors.DefaultSelector()
        for stream, file in ((OUT, child.stdout), (ERR, child.stderr)):
            if file is not None:
                self._selector.register(file, selectors.EVENT_READ, stream)

    @property
    def failed(self) -> bool:
        """Whether kubectl has ended with an error."""
        return not self._selector.get_map() and self._child.wait() != 0

    def first(self, seconds: float) -> list[Piece]:
        """Return what comes first, and what either stream brings so many seconds later."""
        found = self._pieces()
        time.sleep(seconds if found else 0)
        return found + self._pieces(0)

    def __iter__(self) -> Iterator[Piece]:
        """Yield what comes, to its end."""
        while found := self._pieces():
            yield from found

    def _pieces(self, seconds: float | None = None) -> list[Piece]:
        """Return what comes next, or nothing if nothing does within so many seconds, or any more."""
        found: list[Piece] = []
        while not found and self._selector.get_map() and (ready := self._selector.select(seconds)):
            for key, _ in ready:
                if text := os.read(key.fd, CHUNK):
                    found.append(Piece(key.data, text))
                else:
                    self._selector.unregister(key.fileobj)
        return found


@contextlib.contextmanager
def attached(cluster: Cluster, pod: str, container: str) -> Iterator[Attachment]:
    """Connect what comes by a pipe to a process for as long as the block goes on: kubectl reads it itself."""
    with _started(cluster, "--stdin", pod, f"--container={container}", stdout=subprocess.PIPE) as child:
        yield Attachment(child)


def at_terminal(cluster: Cluster, pod: str, container: str) -> str:
    """Connect our terminal to a process; return why that isn't possible, or nothing.

    A terminal has one stream, so on stderr there are only words of kubectl's own.
    """
    with _started(cluster, "--stdin", "--tty", pod, f"--container={container}", stdout=None) as child:
        _, said = child.communicate()
        return said.decode(errors="replace").strip() or "unknown" if child.returncode else ""


@contextlib.contextmanager
def _started(cluster: Cluster, *words: str, stdout: int | None) -> Iterator[subprocess.Popen[bytes]]:
    line = kubectl.command(cluster, "attach", "--quiet", *words)
    with subprocess.Popen(line, stdout=stdout, stderr=subprocess.PIPE, bufsize=0) as child:  # noqa: S603
        try:
            yield child
        finally:
            child.terminate()  # it sets our terminal back
