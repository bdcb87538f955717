"""Say what is being done and how long it took, and wait for daemons without waiting for dead ones."""

import time
from collections.abc import Callable

from tests.cluster import processes
from tests.cluster.errors import ClusterError

began = time.monotonic()


def restart() -> None:
    """Count the seconds from now on."""
    global began  # noqa: PLW0603  the one clock of a command
    began = time.monotonic()


def step(message: str) -> None:
    """Show a step that is done, with the seconds since the command began."""
    print(f"[{time.monotonic() - began:3.0f} s] {message}", flush=True)


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
