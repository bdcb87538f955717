"""The system's own commands that a real node needs, installed where that is possible."""

import os
import shutil
import subprocess

from tests.cluster.errors import ClusterError

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
    print(f"-> installing the system packages {names}", flush=True)
    if not (install(missing) or (apt("update") and install(missing))):
        raise ClusterError(f"`apt-get install {names}` has failed: install that, or use KUBE_NODE=simulated")


def install(names: list[str]) -> bool:
    """Install packages and nothing that they merely recommend."""
    return apt("install", "--yes", "--no-install-recommends", *names)


def apt(*arguments: str) -> bool:
    """Run apt-get without questions and tell whether it went well; its errors are shown."""
    environment = {**os.environ, "PATH": search_path(), "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "-qq", *arguments]
    return subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode == 0
