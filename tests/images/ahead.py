"""Build what the tests need before they ask for it: ``python -m tests.images.ahead [WHAT...]``.

It works for as long as whoever started it is there, and lets everybody else go first. A test that
comes early waits for the part that is being built, by the part's lock; one that finds nothing builds
it itself. So a part that fails is only noted here, in a log: the test that needs it says why.
"""

import contextlib
import functools
import os
import pathlib
import signal
import subprocess
import sys
import types
from collections.abc import Callable

from tests.cluster import build, lifecycle, paths, processes
from tests.cluster.errors import ClusterError
from tests.images import debian, operator_image, shop_image, system_image

Part = tuple[str, Callable[[], object]]

NICENESS = 10
PATIENCE = 10
"""Seconds in which a build that is ended can clean up."""
WORKER = "--worker"


def parts(node: str) -> list[Part]:
    """Return what tests on such a node need, in the order in which they ask for it."""
    cluster: Part = ("cluster", functools.partial(build.ensure, (*build.CONTROL, *lifecycle.MODULES[node])))
    if node != "real":
        return [cluster]
    return [
        cluster,
        ("shop", functools.partial(shop_image.build, "v1")),
        ("shop", functools.partial(shop_image.build, "v2")),
        ("base", debian.base),
        ("operator", operator_image.build),
        ("metrics", functools.partial(build.ensure, (build.METRICS,))),
        ("helm", functools.partial(build.ensure, (build.HELM4, build.HELM3, build.CRANE))),
        ("linter", functools.partial(build.ensure, (build.KUBE_SCORE,))),
        *(("systems", functools.partial(system_image.build, name)) for name in system_image.SYSTEMS),
    ]


def build_all(wanted: list[Part]) -> None:
    """Build one part after the other until our parent is gone; a part that fails is noted."""
    parent = os.getppid()
    for name, make in wanted:
        if os.getppid() != parent:
            return
        try:
            make()
        except (ClusterError, OSError, subprocess.CalledProcessError) as error:
            print(f"{name}: {error}", flush=True)


def let_others_go_first() -> None:
    """Lower our priority, also where the kernel shares out the processors by session."""
    os.nice(NICENESS)
    with contextlib.suppress(OSError):
        pathlib.Path("/proc/self/autogroup").write_text(str(NICENESS))


def supervise(command: list[str], log: pathlib.Path) -> int:
    """Run a command in a session of its own, until it ends, our parent does, or we are asked to end."""
    parent = os.getppid()
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        worker = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        while worker.poll() is None and os.getppid() == parent:
            processes.wait_for_end(worker.pid, 1)
    finally:
        end(worker)
    return worker.returncode


def end(worker: subprocess.Popen[bytes]) -> None:
    """End a worker that still runs and all that it has started, giving it a moment to clean up."""
    if worker.returncode is not None:
        return
    os.killpg(worker.pid, signal.SIGTERM)
    processes.wait_for_end(worker.pid, PATIENCE)
    os.killpg(worker.pid, signal.SIGKILL)  # before its id is given back, so that it reaches nobody else
    worker.wait()


def leave(number: int, frame: types.FrameType | None) -> None:
    """End in the way that cleans up, and only once."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


def main(arguments: list[str]) -> int:
    """Supervise a worker that builds what the arguments name, or everything; or be that worker."""
    signal.signal(signal.SIGTERM, leave)
    if arguments[:1] != [WORKER]:
        command = [sys.executable, "-m", "tests.images.ahead", WORKER, *arguments]
        return supervise(command, paths.logs() / "ahead.log")
    let_others_go_first()
    available = parts(lifecycle.default_node())
    build_all([part for part in available if part[0] in arguments[1:]] if arguments[1:] else available)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
