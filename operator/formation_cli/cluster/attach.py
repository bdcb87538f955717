"""kubectl attach, whose output comes through our hands, so that it can be joined with the log."""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import termios
import tty
from collections.abc import Iterator
from typing import Any, NamedTuple

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

    def __init__(self, child: subprocess.Popen[bytes], out: int) -> None:
        """Take kubectl, and where its output can be read."""
        self._child = child
        self._selector = selectors.DefaultSelector()
        self._selector.register(out, selectors.EVENT_READ, OUT)
        if child.stderr:
            self._selector.register(child.stderr, selectors.EVENT_READ, ERR)

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return not self._selector.get_map()

    @property
    def failed(self) -> bool:
        """Whether kubectl has ended with an error."""
        return self.ended and self._child.wait() != 0

    def pieces(self, seconds: float | None = None) -> list[Piece]:
        """Return what comes next, or nothing if nothing does within so many seconds, or any more."""
        found: list[Piece] = []
        while not found and not self.ended and (ready := self._selector.select(seconds)):
            for key, _ in ready:
                if text := _read(key.fd):
                    found.append(Piece(key.data, text))
                else:
                    self._selector.unregister(key.fileobj)
        return found

    def __iter__(self) -> Iterator[Piece]:
        """Yield what comes, to its end."""
        while not self.ended:
            yield from self.pieces()


def _read(file: int) -> bytes:
    """Return what can be read, which is nothing where the other side is closed."""
    try:
        return os.read(file, CHUNK)
    except OSError:  # Linux says so of a terminal
        return b""


@contextlib.contextmanager
def attached(cluster: Cluster, pod: str, container: str, *, terminal: bool) -> Iterator[Attachment]:
    """Connect what is typed, or comes by a pipe, to a process for as long as the block goes on.

    kubectl reads it itself, and sets our terminal back. It writes to another one, of the same size.
    """
    how = ["--stdin", "--tty"] if terminal else ["--stdin"]
    command = kubectl.command(cluster, "attach", "--quiet", *how, pod, f"--container={container}")
    with contextlib.ExitStack() as afterwards:
        ours, theirs = os.openpty() if terminal else os.pipe()
        afterwards.callback(os.close, ours)
        if terminal:
            tty.setraw(theirs)
            _resize(ours)
        child = subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, bufsize=0)  # noqa: S603
        os.close(theirs)
        afterwards.enter_context(child)
        afterwards.callback(child.terminate)
        if terminal:
            afterwards.enter_context(_resized(ours, child))
        yield Attachment(child, ours)


def _resize(screen: int) -> None:
    termios.tcsetwinsize(screen, termios.tcgetwinsize(sys.stdin))


@contextlib.contextmanager
def _resized(screen: int, child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Give kubectl's terminal the size of ours whenever that changes."""

    def resize(*_: Any) -> None:
        _resize(screen)
        child.send_signal(signal.SIGWINCH)

    before = signal.signal(signal.SIGWINCH, resize)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
