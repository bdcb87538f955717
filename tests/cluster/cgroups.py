"""One control group that everything of the real node lives in, pods and their shims included.

It is how we know what to end: membership is inherited and kept by the kernel, so that even
what a killed kubelet or containerd has left behind is found, and nothing else is.
"""

import os
import pathlib
import signal
import time

from tests.cluster import settings
from tests.cluster.errors import ClusterError

ROOT = pathlib.Path("/sys/fs/cgroup")
CONTROLLERS = ("cpuset", "cpu", "memory", "pids")


def is_unified() -> bool:
    """Tell whether the machine has the unified hierarchy (cgroup v2) alone."""
    return (ROOT / "cgroup.controllers").exists()


def groups() -> list[pathlib.Path]:
    """Return our group in every hierarchy."""
    if is_unified():
        return [ROOT / settings.CGROUP]
    return [folder.resolve() / settings.CGROUP for folder in ROOT.iterdir() if (folder / "cgroup.procs").exists()]


def create() -> None:
    """Make our group, and in it one for the daemons of the node."""
    if is_unified():
        enable_controllers()
    for group in groups():
        (group / "daemons").mkdir(parents=True, exist_ok=True)


def enable_controllers() -> None:
    """Let our group have the controllers that kubelet asks for (cgroup v2)."""
    control = ROOT / "cgroup.subtree_control"
    missing = set(CONTROLLERS) - set(control.read_text().split())
    try:
        control.write_text(" ".join(f"+{name}" for name in sorted(missing)))
    except OSError as error:
        names = ", ".join(sorted(missing))
        raise ClusterError(f"the cgroup controllers {names} can't be enabled ({error.strerror})") from error


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
    deadline = time.monotonic() + 30
    while left := members():
        if time.monotonic() > deadline:
            raise ClusterError(f"the processes {sorted(left)} of the node don't end, even when killed")
        for pid in left:
            kill(pid)
        time.sleep(0.05)
    for group in groups():
        for folder in sorted(group.rglob("*"), reverse=True):
            if folder.is_dir():
                folder.rmdir()
        if group.exists():
            group.rmdir()


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
