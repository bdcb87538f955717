"""One control group that everything of the real node lives in, pods and their shims included.

It is how we know what to end: membership is inherited and kept by the kernel, so that even
what a killed kubelet or containerd has left behind is found, and nothing else is.
"""

import contextlib
import os
import pathlib
import signal
import time

from hack.cluster import progress, settings
from hack.cluster.errors import ClusterError

ROOT = pathlib.Path("/sys/fs/cgroup")
CONTROL = ROOT / "cgroup.subtree_control"
CONTROLLERS = {"cpuset", "cpu", "hugetlb", "memory", "pids"}


def is_unified() -> bool:
    """Tell whether the machine has the unified hierarchy (cgroup v2) alone."""
    return (ROOT / "cgroup.controllers").exists()


def groups() -> list[pathlib.Path]:
    """Return our group in every hierarchy."""
    if is_unified():
        return [ROOT / settings.CGROUP]
    return [
        folder.resolve() / settings.CGROUP for folder in ROOT.iterdir() if (folder / "cgroup.procs").exists()
    ]


def create() -> list[str]:
    """Make our group, and in it one for the daemons of the node; return the controllers this took."""
    missing = missing_controllers() if is_unified() else []
    try:
        if missing:
            CONTROL.write_text(" ".join(f"+{name}" for name in missing))
    except OSError as error:
        names = ", ".join(missing)
        raise ClusterError(f"the cgroup controllers {names} can't be enabled: {error.strerror}") from error
    for group in groups():
        (group / "daemons").mkdir(parents=True, exist_ok=True)
    return missing


def missing_controllers() -> list[str]:
    """Return the controllers that kubelet wants, that the machine has and our group would lack (v2)."""
    available = set((ROOT / "cgroup.controllers").read_text().split())
    return sorted(CONTROLLERS & available - set(CONTROL.read_text().split()))


def disable(controllers: list[str]) -> None:
    """Disable the controllers that we have enabled, unless somebody else uses them by now."""
    with contextlib.suppress(OSError):
        if controllers:
            CONTROL.write_text(" ".join(f"-{name}" for name in controllers))


def membership() -> pathlib.Path:
    """Return the file that a daemon of the node writes its process id to."""
    found = groups()
    chosen = next((group for group in found if group.parent.name == "pids"), found[0])
    return chosen / "daemons" / "cgroup.procs"


def members() -> set[int]:
    """Return the processes in our group, at any depth."""
    files = [file for group in groups() for file in group.rglob("cgroup.procs")]
    return {int(pid) for file in files for pid in read(file).split()}


def read(file: pathlib.Path) -> str:
    """Return what a control file says, or nothing when its group has just gone."""
    try:
        return file.read_text()
    except OSError:
        return ""


def remove() -> None:
    """End everything in our group, then remove it."""
    deadline = time.monotonic() + 120
    with progress.patiently("ending what runs on the node"):
        while left := [*map(described, members())] or remove_empty():
            if time.monotonic() > deadline:
                raise ClusterError(f"the node's processes or control groups don't go away: {', '.join(left)}")
            thaw()
            for pid in members():
                kill(pid)
            time.sleep(0.05)


def described(pid: int) -> str:
    """Return the name of a process, with its id."""
    return f"{read(pathlib.Path(f'/proc/{pid}/comm')).strip() or 'one that has ended'} ({pid})"


def thaw() -> None:
    """Let frozen processes go on: in the older hierarchy they can't even be killed."""
    for file in (file for group in groups() for file in group.rglob("freezer.state")):
        with contextlib.suppress(OSError):  # its group has just gone
            file.write_text("THAWED")


def remove_empty() -> list[str]:
    """Remove the groups that hold no process, and return the others: a killed one leaves a moment later."""
    folders = [pathlib.Path(folder) for group in groups() for folder, _, _ in os.walk(group, topdown=False)]
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()
    return [str(folder) for folder in folders if folder.exists()]


def kill(pid: int) -> None:
    """Kill a process of our group, once more made sure that it still is in there."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if f"/{settings.CGROUP}/" in read(pathlib.Path(f"/proc/{pid}/cgroup")):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)
