"""Shells as somebody types into them at a terminal, with what completes kubectl's words."""

import contextlib
import dataclasses
import os
import pathlib
import pty
import select
import shlex
import subprocess

from tests.client import eventually
from tests.cluster import packages

BEGIN, END = "\x01", "\x05"
"""The keys (Ctrl-A, Ctrl-E) that go to the beginning and the end of the line."""


@dataclasses.dataclass(frozen=True)
class Shell:
    """A shell, and the lines by which people set up kubectl's completion in it."""

    name: str
    packages: tuple[str, ...]
    options: tuple[str, ...]
    setup: str

    def missing(self) -> bool:
        """Tell whether it isn't here and can't be installed."""
        if packages.find(self.name) and "bash-completion" not in self.packages:
            return False
        return not (os.geteuid() == 0 and packages.find("apt-get") and packages.install([*self.packages]))

    def completed(self, line: str, environment: dict[str, str], folder: pathlib.Path) -> str:
        """Return what a line is after the key Tab, and an `X` that is typed then.

        The line isn't run but printed: what a terminal was sent would be full of redrawing.
        """
        result = folder / "completed"
        printed = f"{line}\tX{END} >{shlex.quote(str(result))}{BEGIN}echo {END}\r"
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            ["setsid", "--ctty", self.name, *self.options],
            env={**environment, "HOME": str(folder), "TERM": "dumb", "PS1": "$ "},
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        ) as child:
            os.close(theirs)
            os.write(ours, f"{self.setup}\r{printed}".encode())
            try:
                eventually(lambda: read(ours) and result.exists() and result.read_text())
            finally:
                child.kill()
                os.close(ours)
        return result.read_text().strip()


def read(terminal: int) -> bool:
    """Take what a terminal was sent, or it would fill up."""
    with contextlib.suppress(OSError):
        if select.select([terminal], [], [], 0)[0]:
            os.read(terminal, 65536)
    return True


SHELLS = (
    Shell(
        "bash",
        ("bash", "bash-completion"),
        ("--noprofile", "--norc", "-i"),
        ". /usr/share/bash-completion/bash_completion; . <(kubectl completion bash)",
    ),
    Shell(
        "zsh",
        ("zsh",),
        ("-f", "-i"),
        "bindkey -e; autoload -U compinit; compinit -u -D; . <(kubectl completion zsh)",
    ),
    Shell("fish", ("fish",), ("--no-config", "--interactive"), "kubectl completion fish | source"),
)
