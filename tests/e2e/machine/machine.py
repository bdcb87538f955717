"""Start a machine, run commands on it, and end it with all that it has started."""

import contextlib
import os
import pathlib
import subprocess

from hack.cluster import cgroups, packages
from tests.live.client import eventually

BOOT = pathlib.Path(__file__).with_name("boot")
SYSTEMD = pathlib.Path("/lib/systemd/systemd")
GROUP = "formation-machine"
HIERARCHIES = ("systemd", "unified", "memory", "pids")
"""Those that the machine has, where there are several hierarchies of control groups (v1)."""
NAMESPACES = (
    "--mount",
    "--propagation=private",
    "--pid",
    "--fork",
    "--kill-child",
    "--ipc",
    "--net",
    "--uts",
)
UP = {"running", "degraded"}


class Machine:
    """A machine; ``units`` is its /etc/systemd/system, and all its other files are new at each start."""

    def __init__(self, units: pathlib.Path, root: pathlib.Path) -> None:
        """Take the folder of units, and an empty one to mount the files on."""
        self.units = units
        self._root = root
        self._pid = 0
        self._namespaces: subprocess.Popen[str] | None = None

    def __call__(self, *command: str, check: bool = True) -> str:
        """Run a command as the machine's root, and return what it prints."""
        inside = ["nsenter", f"--target={self._pid}", "--all", *command]
        done = subprocess.run(inside, capture_output=True, text=True, check=False)
        assert not check or not done.returncode, f"{' '.join(command)}: {done.stderr}"
        return done.stdout.strip()

    def start(self) -> None:
        """Start it, and wait until it is up; it ends with whoever has started it."""
        remove()
        for group in groups():
            group.mkdir()
        namespaces = ["setpriv", "--pdeathsig=KILL", "unshare", *NAMESPACES]
        boot = ["sh", str(BOOT), str(self._root), str(self.units), *map(str, groups())]
        self._namespaces = subprocess.Popen([*namespaces, *boot], stdout=subprocess.PIPE, text=True)
        assert self._namespaces.stdout is not None
        self._pid = int(self._namespaces.stdout.readline())
        eventually(lambda: self("systemctl", "is-system-running", check=False) in UP)

    def end(self) -> None:
        """End it at once, as a loss of power does, and wait until nothing of it is left."""
        if self._namespaces is not None:
            self._namespaces.kill()
            self._namespaces.communicate()
            self._namespaces = None
        remove()


def groups() -> list[pathlib.Path]:
    """Return the control group that the machine lives in, in each hierarchy."""
    if cgroups.is_unified():
        return [cgroups.ROOT / GROUP]
    return [cgroups.ROOT / name / GROUP for name in HIERARCHIES]


def obstacle() -> str:
    """Say what makes a machine impossible here, if anything; install systemd where only that is missing."""
    if os.geteuid() != 0:
        return "a machine of its own needs root"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        return "a machine of its own needs namespaces"
    if not all(os.access(group.parent, os.W_OK) for group in groups()):
        return "a machine of its own needs control groups that can be written"
    if not SYSTEMD.exists() and not packages.find("apt-get"):
        return "a machine of its own needs Debian's systemd"
    assert SYSTEMD.exists() or packages.install(["systemd"]), "`apt-get install systemd` has failed"
    return ""


def remove() -> None:
    """Remove the machine's groups, which can go when its last process has."""
    eventually(lambda: not any([*map(is_left, groups())]))


def is_left(group: pathlib.Path) -> bool:
    """Tell whether a group is still there after an attempt to remove it with those in it."""
    for folder, _, _ in os.walk(group, topdown=False):
        with contextlib.suppress(OSError):  # it has a process
            pathlib.Path(folder).rmdir()
    return group.exists()
