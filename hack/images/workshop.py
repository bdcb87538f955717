"""What images are made with: commands of this machine, which is a Debian."""

import os
import pathlib
import platform
import shutil
import sys

from hack.cluster import commands, packages
from hack.cluster.errors import ClusterError


def suite() -> str:
    """Return the name of the Debian that we run on."""
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "stable")


def run(command: list[str]) -> str:
    """Run a command, which may be one that a plain `su` doesn't find, and return what it printed."""
    return commands.output(command, env={**os.environ, "PATH": packages.search_path()})


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


def run_apt(command: list[str]) -> None:
    """Run a command that needs lists of packages, for which they may be missing, or too old."""
    with packages.alone():
        try:
            run(command)
        except ClusterError:
            packages.apt("update")
            run(command)


def remove(*found: pathlib.Path) -> None:
    """Remove files and folders; one that a link leads to may be named twice."""
    for path in found:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
