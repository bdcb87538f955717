"""Show commands and what they answer, and stop at the first that isn't as it should be."""

import dataclasses
import json
import os
import pathlib
import shlex
import time
from collections.abc import Callable
from typing import Any, TypeVar

from hack.cluster import commands, paths, progress
from hack.cluster.cluster import environment

T = TypeVar("T")


class WrongError(Exception):
    """A step didn't show what it should have shown."""


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

    def show(self, *arguments: str, stdin: str = "") -> str:
        """Run kubectl before the audience; a failure ends the demo."""
        progress.step(f"$ {shlex.join(['kubectl', *self.options, *arguments])}")
        return shown(self.run(*arguments, stdin=stdin))

    def ask(self, *arguments: str) -> Any:
        """Run kubectl behind the scenes and return the object that it answers."""
        answer = self.run(*arguments, "--output=json")
        return json.loads(answer) if answer else None

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Run kubectl and return what it says; raise `WrongError` if it fails."""
        command = [self.kubectl, *self.options, *arguments]
        return commands.output(command, WrongError, stdin=stdin, env=self._environment(), cwd=paths.ROOT)

    def _environment(self) -> dict[str, str]:
        if self.kubeconfig is None:
            return dict(os.environ)
        return {**environment(), "KUBECONFIG": str(self.kubeconfig)}


def shown(text: str) -> str:
    """Print a text, indented below its step, and return it."""
    for line in text.rstrip().splitlines():
        print(f"        {line}".rstrip(), flush=True)
    return text


def require(truth: object, what: str) -> None:
    """End the demo unless this is true."""
    if not truth:
        raise WrongError(what)


def eventually(ask: Callable[[], T], what: str, seconds: float = 20) -> T:
    """Return the first true answer, or end the demo if none comes in time."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        require(time.monotonic() < deadline, f"{what} (not within {seconds:.0f} s)")
        time.sleep(0.2)
    return answer
