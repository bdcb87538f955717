"""Say what is being done and how long it took, and wait for daemons without waiting for dead ones."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from hack.cluster import processes
from hack.cluster.errors import ClusterError

EVERY = 10.0
"""Seconds between two lines about what takes long."""

began = time.monotonic()
underway: list[threading.Event] = []


def restart() -> None:
    """Count the seconds from now on."""
    global began  # noqa: PLW0603  the one clock of a command
    began = time.monotonic()


def step(message: str) -> None:
    """Show a step, with the seconds since the command began."""
    print(f"[{time.monotonic() - began:3.0f} s] {message}", flush=True)


@contextlib.contextmanager
def patiently(what: str) -> Iterator[None]:
    """Show every few seconds what is being done, until it is done.

    Of things that are done for each other only the innermost is shown.
    """
    done = threading.Event()
    underway.append(done)
    clock = threading.Thread(target=show, args=(done, what), daemon=True)
    clock.start()
    try:
        yield
    finally:
        underway.remove(done)
        done.set()
        clock.join()


def show(done: threading.Event, what: str) -> None:
    """Show what is being done every few seconds, unless something else is done for it."""
    while not done.wait(EVERY):
        if underway[-1:] == [done]:
            step(f"{what} ...")


def wait(
    what: str, check: Callable[[], bool], running: list[processes.Process], seconds: float = 180
) -> None:
    """Wait until a check holds; raise ClusterError when a daemon dies or it takes too long."""
    deadline = time.monotonic() + seconds
    while not check():
        processes.require_alive(running)
        if time.monotonic() > deadline:
            logs = ", ".join(sorted({process.log for process in running}))
            raise ClusterError(f"{what}: not within {seconds:.0f} s; the logs: {logs}")
        time.sleep(0.1)
