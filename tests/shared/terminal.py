"""A terminal as a person sits at it: a shell has started a command, which shows something and hears keys."""

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
import types
from collections.abc import Callable
from typing import Self, TypeVar

from tests.live.client import PATIENCE

T = TypeVar("T")
CTRL_C = "\x03"
CONTROL = re.compile(r"\x1b\[\??[0-9;]*[a-zA-Z]")
CURSOR = re.compile(r"\x1b\[\?25([lh])")
COLOUR = re.compile(r"\x1b\[([0-9;]*)m")
REDRAWN = re.compile(r"\r\x1b\[2K((?:\x1b\[1A\x1b\[2K)*)")
"""How rich takes back what it has written: its last line, and so many above it."""
UP = "\x1b[1A"
DIFFERENT = "the command has changed the terminal's settings"
SHELL = f"""
before=$(stty -g); trap : INT
"$@"; code=$?
[ "$before" = "$(stty -g)" ] || echo "{DIFFERENT}"
exit $code
"""
"""The shell stays there as a person's does: with its end, the kernel would set the terminal back."""


class Terminal:
    """A command at a terminal of its own, whose keys are signals, in a window of some size.

    Leaving it as a context waits until the command has ended.
    """

    def __init__(
        self, command: list[str], environment: dict[str, str], *, columns: int = 100, rows: int = 40
    ) -> None:
        """Start the command."""
        self.code: int | None = None
        """How it ended, once it has."""
        self._sent = b""
        self._seen = 0
        own = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (rows, columns))
        self._shell = subprocess.Popen(
            # Whoever runs the tests by nohup has SIGHUP ignored, which a command would inherit.
            ["setsid", "--ctty", "env", "--default-signal=HUP", "sh", "-c", SHELL, "sh", *command],
            env=own,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._read_to_the_end()
                self.code = self._shell.wait(PATIENCE)
        finally:
            if self._shell.poll() is None:
                os.killpg(self._shell.pid, signal.SIGKILL)
                self._shell.wait()
            os.close(self._ours)

    @property
    def sent(self) -> str:
        """All that the terminal was sent."""
        return self._sent.decode(errors="replace").replace("\r\n", "\n")

    @property
    def screen(self) -> str:
        """What a person reads: without what was drawn over, and without colours."""
        return plain(settled(self.sent))

    @property
    def is_as_before(self) -> bool:
        """Whether its settings, its cursor and its colour are those from before the command."""
        cursor, colours = CURSOR.findall(self.sent), COLOUR.findall(self.sent)
        return cursor[-1:] != ["l"] and colours[-1:] in ([], [""], ["0"]) and DIFFERENT not in self.sent

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def sees(self, pattern: str) -> str:
        """Wait until something is sent after what was seen last, and return it."""
        found = self._reads_until(lambda: re.compile(pattern).search(plain(self.sent), self._seen), pattern)
        self._seen = found.end()
        return found[0]

    def becomes(self, probe: Callable[[str], bool]) -> None:
        """Wait until the screen is as wanted."""
        self._reads_until(lambda: probe(self.screen), probe.__qualname__)

    def _reads_until(self, probe: Callable[[], T | None], what: str) -> T:
        deadline = time.monotonic() + PATIENCE
        while not (found := probe()):
            goes_on = self._read()
            assert goes_on, f"it has ended before {what!r}: {self.sent}"
            assert time.monotonic() < deadline, f"{what!r} isn't shown: {self.sent}"
        return found

    def _read_to_the_end(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while self._read():
            assert time.monotonic() < deadline, f"it doesn't end: {self.sent}"

    def _read(self) -> bool:
        """Take what has come within a second; return whether more may come."""
        if not select.select([self._ours], [], [], 1)[0]:
            return True
        piece = b""
        with contextlib.suppress(OSError):  # Linux says so where the other side is closed
            piece = os.read(self._ours, 65536)
        self._sent += piece
        return bool(piece)


def plain(text: str) -> str:
    """Return what a terminal was sent without its colours and its cursor."""
    return CONTROL.sub("", text)


def settled(text: str) -> str:
    """Return what stays of a text that was redrawn in place."""
    first, *rest = REDRAWN.split(text)
    shown = first
    for ups, more in zip(rest[::2], rest[1::2], strict=True):
        kept = shown.split("\n")[: -1 - ups.count(UP)]
        shown = "".join(f"{line}\n" for line in kept) + more
    return shown
