"""Ask kubectl, and hand over to it where a terminal or a port is connected, or a manifest is applied."""

import contextlib
import os
import selectors
import shutil
import subprocess
import time
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from formation_cli.cluster.port import Cluster, Target
from formation_cli.failures import Failure


def become(cluster: Cluster, *words: str) -> NoReturn:
    """Replace this process by kubectl, for the same cluster and namespace."""
    line = command(cluster, *words)
    cluster.close()
    os.execv(line[0], line)  # noqa: S606  # no shell is wanted


def run(cluster: Cluster, *words: str) -> subprocess.CompletedProcess[str]:
    """Run kubectl to its end, and return what it says."""
    return _said(command(cluster, *words))


def command(cluster: Cluster, *words: str) -> list[str]:
    """Return the command line of kubectl, for the same cluster and namespace."""
    verb, *rest = words
    return [program(), verb, f"--namespace={cluster.namespace}", *cluster.target.flags(), *rest]


def config(target: Target, *words: str) -> subprocess.CompletedProcess[str]:
    """Ask kubectl about the kubeconfig, and return what it says."""
    return _said([program(), "config", *words, *target.flags()])


def program() -> str:
    """Return where kubectl is; raises `Failure` if it isn't installed."""
    found = shutil.which("kubectl")
    if found is None:
        raise Failure("kubectl isn't on your PATH. The plugin finds the cluster with it.")
    return found


def printable(said: str) -> str:
    """Return kubectl's words as they are, but for what would move a cursor: others may have written it."""
    return "\n".join("".join(filter(str.isprintable, line)) for line in said.strip().splitlines())


def _said(line: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603


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
    line = command(cluster, "attach", "--quiet", *words)
    with subprocess.Popen(line, stdout=stdout, stderr=subprocess.PIPE, bufsize=0) as child:  # noqa: S603
        try:
            yield child
        finally:
            child.terminate()  # it sets our terminal back
