"""Make each image once: keyed by its content, locked against a second build, nothing left behind.

An image's file carries the hash of everything that it is made from.  It is made in a folder of its
own, under a lock that the system gives back when we die; a folder that a killed build left is
removed by the next.  Only the newest file of a kind is kept, because each holds a whole system.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable

from tests.cluster import locks, packages, paths, progress
from tests.cluster.errors import ClusterError


def once(kind: str, key: str, make: Callable[[pathlib.Path, pathlib.Path], None]) -> pathlib.Path:
    """Return the file of ``kind`` for ``key``; ``make(folder, file)`` makes it if it isn't there."""
    shelf = paths.cache() / "images"
    target = shelf / f"{kind}-{key}.tar"
    if target.is_file():
        return target
    shelf.mkdir(parents=True, exist_ok=True)
    with locks.held(f"image-{kind}", f"building the image {kind}"):
        if not target.is_file():
            make_in(shelf / f".{kind}", target, make)
            for older in set(shelf.glob(f"{kind}-*.tar")) - {target}:
                older.unlink()
    return target


def make_in(
    folder: pathlib.Path, target: pathlib.Path, make: Callable[[pathlib.Path, pathlib.Path], None]
) -> None:
    """Make a file in a fresh folder, and move it to its place only when it is whole."""
    progress.step(f"building {target.name}, once")
    began = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        with progress.patiently(f"building {target.name}"):
            make(folder, folder / target.name)
        (folder / target.name).rename(target)
    finally:
        shutil.rmtree(folder)
    size = target.stat().st_size / 1e6
    progress.step(f"{target.name} is built, in {time.monotonic() - began:.0f} s, {size:.0f} MB")


def run(command: list[str]) -> str:
    """Run a command and return what it printed; if it fails, show the end of that and raise."""
    done = subprocess.run(
        command,
        env={**os.environ, "PATH": packages.search_path()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ClusterError(f"`{' '.join(command)}` has failed:\n{done.stdout[-4000:]}")
    return done.stdout


def pip(verb: str, lock: pathlib.Path, *options: str) -> None:
    """Install or download what a lock file has, by its hashes."""
    always = ["--disable-pip-version-check", "--quiet", verb, "--require-hashes", "--only-binary=:all:"]
    run([sys.executable, "-m", "pip", *always, *options, f"--requirement={lock}"])


def require(command: str) -> None:
    """Install a missing command from the Debian package of its name, or say that it is missing."""
    if packages.find(command):
        return
    if os.geteuid() or not packages.find("apt-get"):
        raise ClusterError(f"this image is built as root on a Debian-like system that has {command}")
    if not packages.install([command]):
        raise ClusterError(f"`apt-get install {command}` has failed: install that")
