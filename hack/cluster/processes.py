"""Start daemons that outlive us, and end exactly those, even after a crash or a reboot.

A process id alone is a poor name: the kernel hands it out again.  So each is recorded together
with the process's start time and the boot's id, and a signal goes through a pidfd that was
opened *before* the two were compared: it reaches the process that we started, or nobody.
"""

import contextlib
import dataclasses
import os
import pathlib
import resource
import select
import signal
import subprocess
import time

from hack.cluster.errors import ClusterError

BOOT_ID = pathlib.Path("/proc/sys/kernel/random/boot_id")
UNFINISHED = 120


@dataclasses.dataclass(frozen=True)
class Process:
    """A process that we started, so named that no other can be taken for it."""

    name: str
    pid: int
    started: int
    boot: str
    log: str


def start(name: str, command: list[str], log: pathlib.Path, environment: dict[str, str]) -> Process:
    """Start a command in a session of its own, its output in a file, without any file that we have open."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            ["env", "--default-signal=INT", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    child.returncode = 0  # it outlives us, which is nothing to warn of
    return Process(name, child.pid, start_time(child.pid) or 0, boot_id(), str(log))


def boot_id() -> str:
    """Return the id of this boot, or nothing where the kernel has none (not Linux)."""
    return BOOT_ID.read_text().strip() if BOOT_ID.exists() else ""


def start_time(pid: int) -> int | None:
    """Return when a process started, in clock ticks since boot; None if it has ended."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
    return None if state in "ZX" else int(fields[18])


def command(pid: int) -> list[str]:
    """Return what a process was started with.

    The kernel lets whoever started it go on before it tells: until then the line is empty, for a moment.
    """
    line = pathlib.Path(f"/proc/{pid}/cmdline")
    deadline = time.monotonic() + UNFINISHED
    while not (words := line.read_text().rstrip("\0")):
        if time.monotonic() > deadline:
            raise ClusterError(f"the kernel doesn't tell how process {pid} was started")
        time.sleep(0.01)
    return words.split("\0")


def is_alive(process: Process) -> bool:
    """Tell whether this very process still runs."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)  # a child of ours would stay a zombie
    return process.boot == boot_id() and start_time(process.pid) == process.started


def send(process: Process, number: signal.Signals) -> None:
    """Send a signal to this very process, if it still runs."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        if is_alive(process):
            signal.pidfd_send_signal(handle, number)
    finally:
        os.close(handle)


def stop(process: Process, number: signal.Signals = signal.SIGTERM, seconds: float = 60) -> None:
    """Send a process a signal that ends it, and wait for its end."""
    send(process, number)
    deadline = time.monotonic() + seconds
    while is_alive(process):
        if time.monotonic() > deadline:
            raise ClusterError(f"{process.name} (process {process.pid}) doesn't end; its log: {process.log}")
        wait_for_end(process.pid)


def memory(pid: int) -> float:
    """Return what a process has in memory, in MiB."""
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def kill(running: list[Process]) -> None:
    """End processes at once and wait until the kernel has let go of them, ports included."""
    for process in running:
        send(process, signal.SIGKILL)
    for process in running:
        stop(process, signal.SIGKILL, UNFINISHED)


def wait_for_end(pid: int, seconds: float = 0.5) -> None:
    """Wait a little for a process to end."""
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        try:
            select.select([handle], [], [], seconds)
        finally:
            os.close(handle)


def require_alive(running: list[Process]) -> None:
    """Raise ClusterError with the last lines of its log when one of the processes has died."""
    for process in running:
        if not is_alive(process):
            lines = pathlib.Path(process.log).read_text(errors="replace").splitlines()[-12:]
            raise ClusterError("\n    ".join([f"{process.name} has died; its last words:", *lines]))
