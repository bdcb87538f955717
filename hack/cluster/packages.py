"""The system's own commands that a real node needs, installed where that is possible."""

import contextlib
import os
import shutil
import subprocess

from hack.cluster import locks, progress
from hack.cluster.errors import ClusterError

PATIENCE = 300
"""Seconds that apt-get waits for others."""
# The command and the Debian package that has it.
COMMANDS = {
    "runc": "runc",
    "iptables": "iptables",
    "ip": "iproute2",
    "nft": "nftables",
    "mount": "mount",
    "unshare": "util-linux",
}


def search_path() -> str:
    """Return PATH with the folders of system commands, which a plain `su` leaves out."""
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])


def find(command: str) -> str | None:
    """Return the path of a system command."""
    return shutil.which(command, path=search_path())


def require() -> None:
    """Install the packages that are missing, or say in a sentence which those are."""
    missing = sorted(COMMANDS[command] for command in COMMANDS if not find(command))
    if not missing:
        return
    names = " ".join(missing)
    if not find("apt-get"):
        raise ClusterError(f"a real node needs {names}: install that, or use KUBE_NODE=simulated")
    if not install(missing):
        raise ClusterError(f"`apt-get install {names}` has failed: install that, or use KUBE_NODE=simulated")


def install(names: list[str]) -> bool:
    """Install packages and nothing that they merely recommend; tell whether that went well."""
    what = f"installing the system packages {' '.join(names)}"
    command = ["install", "--yes", "--no-install-recommends", *names]
    progress.step(what)
    with alone(), progress.patiently(what):
        return apt(*command) or (apt("update") and apt(*command))


def alone() -> contextlib.AbstractContextManager[None]:
    """Let one process at a time use apt-get: it doesn't wait for another by itself."""
    return locks.held("apt", "apt-get")


def apt(*arguments: str) -> bool:
    """Run apt-get without questions and tell whether it went well; its errors are shown.

    It waits for whoever else on this machine installs packages.
    """
    environment = {**os.environ, "PATH": search_path(), "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "-qq", f"--option=DPkg::Lock::Timeout={PATIENCE}", *arguments]
    return subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode == 0
