"""Show commands and what they answer, and stop at the first that isn't as it should be."""

import dataclasses
import json
import os
import pathlib
import shlex
import subprocess
import time
from collections.abc import Callable
from typing import Any

from tests.cluster import paths, progress
from tests.cluster.cluster import environment

UNDERWAY = 1.0
"""Seconds between two looks at whether a command that waits may still succeed."""


class WrongError(Exception):
    """A step didn't show what it should have shown."""


class HopelessError(WrongError):
    """What was waited for can't come; the message has the cause."""


@dataclasses.dataclass(frozen=True)
class Stage:
    """Kubectl, in the root of the repository."""

    kubectl: str
    namespace: str
    """Where the sample runs."""
    kubeconfig: pathlib.Path | None = None
    """None means what kubectl finds by itself."""
    options: tuple[str, ...] = ()

    def in_namespace(self) -> "Stage":
        """Return the same in the demo's namespace."""
        return dataclasses.replace(self, options=(*self.options, "-n", self.namespace))

    def show(
        self, *arguments: str, stdin: str | None = None, hopeless: Callable[[], str] | None = None
    ) -> str:
        """Run kubectl before the audience; a failure ends the demo.

        While a command waits, `hopeless` is asked why that can't succeed; what it says ends the demo, too.
        """
        progress.step(f"$ {shlex.join(['kubectl', *self.options, *arguments])}")
        return shown(self.run(*arguments, stdin=stdin, hopeless=hopeless))

    def ask(self, *arguments: str) -> Any:
        """Run kubectl behind the scenes and return the object that it answers."""
        answer = self.run(*arguments, "--output=json")
        return json.loads(answer) if answer else None

    def run(
        self, *arguments: str, stdin: str | None = None, hopeless: Callable[[], str] | None = None
    ) -> str:
        """Run kubectl and return what it says; raise `WrongError` if it fails, and as `show` does."""
        with subprocess.Popen(
            [self.kubectl, *self.options, *arguments],
            cwd=paths.ROOT,
            env=self._environment(),
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as child:
            try:
                said, complained = communicated(child, stdin, hopeless or str)
            except BaseException:  # a command that waits would hold up whoever is interrupted
                child.kill()
                raise
        if child.returncode:
            raise WrongError(f"kubectl {' '.join(arguments)}\n{said}{complained}".strip())
        return said

    def _environment(self) -> dict[str, str]:
        if self.kubeconfig is None:
            return dict(os.environ)
        return {**environment(), "KUBECONFIG": str(self.kubeconfig)}


def communicated(
    child: subprocess.Popen[str], stdin: str | None, hopeless: Callable[[], str]
) -> tuple[str, str]:
    """Return what a command says to stdout and to stderr; raise `WrongError` once it is hopeless."""
    while True:
        try:
            return child.communicate(stdin, timeout=UNDERWAY)
        except subprocess.TimeoutExpired:
            stdin = None  # `communicate` keeps what it hasn't sent yet
            if cause := hopeless():
                raise HopelessError(cause) from None


def shown(text: str) -> str:
    """Print a text, indented below its step, and return it."""
    for line in text.rstrip().splitlines():
        print(f"        {line}".rstrip(), flush=True)
    return text


def require(truth: object, what: str) -> None:
    """End the demo unless this is true."""
    if not truth:
        raise WrongError(what)


def eventually(check: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """End the demo unless a check comes true in time."""
    deadline = time.monotonic() + seconds
    while not check():
        require(time.monotonic() < deadline, f"{what} (not within {seconds:.0f} s)")
        time.sleep(0.2)
