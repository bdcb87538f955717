"""Run a command for what it prints."""

import pathlib
import subprocess
from collections.abc import Mapping, Sequence

from hack.cluster.errors import ClusterError

LAST = 4000
"""Characters of what a command said that are shown where it fails."""


def output(
    command: Sequence[object],
    error: type[Exception] = ClusterError,
    *,
    stdin: str = "",
    env: Mapping[str, str] | None = None,
    cwd: pathlib.Path | None = None,
) -> str:
    """Return what a command prints; if it fails, raise an error with what it said last."""
    words = [str(word) for word in command]
    done = subprocess.run(words, input=stdin, env=env, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        said = f"{done.stdout}{done.stderr}".strip()
        raise error(f"`{' '.join(words)}` has failed:\n{said[-LAST:]}")
    return done.stdout
