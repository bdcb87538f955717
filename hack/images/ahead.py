"""Build what the tests need before they ask for it: ``python -m hack.images.ahead [WHAT...]``.

It works for as long as whoever started it is there, and lets everybody else go first. A test that
comes early waits for the part that is being built, by the part's lock; one that finds nothing builds
it itself. So a part that fails is only noted here, in a log: the test that needs it says why.
"""

import contextlib
import ctypes
import functools
import os
import pathlib
import signal
import subprocess
import sys
import types
from collections.abc import Callable

from hack.cluster import build, lifecycle, paths
from hack.cluster.errors import ClusterError
from hack.images import debian, operator_image, shop_image, system_image

Part = tuple[str, Callable[[], object]]

NICENESS = 10
PR_SET_PDEATHSIG = 1
"""Linux's prctl(2) by which a process is sent a signal when its parent has died."""


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
        *(("neighbours", functools.partial(build.ensure, (each,))) for each in build.NEIGHBOURS),
        *(("systems", functools.partial(system_image.build, name)) for name in system_image.SYSTEMS),
        *(
            ("some systems", functools.partial(system_image.build, name))
            for name in system_image.IN_EVERY_RUN
        ),
    ]


def main(wanted: list[str]) -> None:
    """Build what is wanted, or everything, one part after the other; a part that fails is noted."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGTERM, leave)
    os.nice(NICENESS)
    with contextlib.suppress(OSError):  # also where the kernel shares out the processors by session
        pathlib.Path("/proc/self/autogroup").write_text(str(NICENESS))
    paths.logs().mkdir(parents=True, exist_ok=True)
    with (paths.logs() / "ahead.log").open("w") as log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)
    for name, make in parts(lifecycle.default_node()):
        if name in wanted or not wanted:
            try:
                make()
            except (ClusterError, OSError, subprocess.CalledProcessError) as error:
                print(f"{name}: {error}", flush=True)


def leave(number: int, frame: types.FrameType | None) -> None:
    """End with all that was started, in the way that cleans up, and only once."""
    signal.signal(number, signal.SIG_IGN)
    os.killpg(0, number)
    sys.exit(128 + number)


if __name__ == "__main__":
    main(sys.argv[1:])
