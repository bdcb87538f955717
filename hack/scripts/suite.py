"""``make test``: the checks, the tests on a cluster, and those that start the cluster themselves.

``make systems``, ``faults``, ``neighbours``, ``distribution`` and ``monitoring``: those of a folder, the long
ones included.
``make walk``: the pages that are typed as they stand. ``make compat``: what is between us and Kubernetes, on
each older minor that is pinned.

A stage that fails keeps no other from running, but for those that need it. The last line names what failed in
each, and what couldn't run. Who asks for another suite than ``make test`` wants all of it: there that is a
failure, but for what needs a newer Kubernetes than was asked for.

One cluster can run at a time, so one that is up is ended first. Whatever happens, Ctrl-C included, no cluster
is left behind, and the last lines say how long each stage took and how many tests have passed.
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import types
from xml.etree import ElementTree

from hack.cluster import ClusterError, build, host, lifecycle, locks
from hack.cluster.settings import NEEDS
from hack.scripts import stages, summary
from hack.scripts.stages import Run, Stage, helper

CLUSTER = (sys.executable, "-m", "hack.cluster")
PYTEST = (sys.executable, "-m", "pytest", "--ignore=tests/unit")
SIDE_BY_SIDE = ("-n", str(3 * (os.cpu_count() or 1)), "--dist=loadscope", "--no-loadscope-reorder")
"""Three tests for each core, since most of them wait for what processes and controllers do."""
DOWN = Stage("ending a cluster that is up", (*CLUSTER, "down"))
UP = Stage("starting the cluster", (*CLUSTER, "up"), needs=DOWN)
CHECKS = Stage("the checks", ("nice", "hack/scripts/check"))
"""At a low priority: they have what the tests beside them leave, which mostly wait."""
TOGETHER = "not alone and not host and not long"
ALONE = "alone and not long"


def on(minor: str) -> tuple[Stage, ...]:
    """Return the stages that run the contract and the main e2e tests on an older minor of Kubernetes."""
    chosen = ("env", f"KUBE_VERSION={minor}")
    tests = (*chosen, *PYTEST, "tests/contract", "tests/e2e", "-m")
    start = Stage(f"starting Kubernetes {minor}", (*chosen, *UP.command), needs=UP.needs)
    return (
        start,
        Stage(f"tests side by side on {minor}", (*tests, TOGETHER, *SIDE_BY_SIDE), needs=start),
        Stage(f"tests that run alone on {minor}", (*tests, ALONE), needs=start),
    )


def on_the_cluster(*arguments: str, name: str = "tests", beside: Stage | None = None) -> Stage:
    """Return the stage that runs tests on the cluster."""
    return Stage(name, (*PYTEST, *arguments), beside, needs=UP)


TOO_LONG = (
    "tests/contract/test_model.py",
    "tests/contract/test_older_crd.py",
    "tests/contract/test_scale_to_zero.py",
    "tests/e2e/test_schedules.py",
    "tests/e2e/test_states.py",
    "tests/systems/test_scaling_in.py",
)
"""What has tests that take too long for every run."""
WALKED = tuple(
    f"tests/e2e/test_{each}.py" for each in ("walk", "demo", "pipelines", "session", "your_repository")
)
NEIGHBOURS = Stage("building the neighbours", (sys.executable, "-m", "hack.images.ahead", "neighbours"))
"""Before the tests, since it takes longer than a test may."""
SUITES = {
    "test": (
        UP,
        # Who runs alone mostly waits, so the checks have the cores meanwhile, and so has what is built ahead.
        on_the_cluster("-m", ALONE, "tests", name="tests that run alone", beside=CHECKS),
        on_the_cluster(*SIDE_BY_SIDE, "-m", TOGETHER, "tests", name="tests side by side"),
        Stage("the operator's rights", (sys.executable, "-m", "hack.audit", "--whole"), needs=UP),
    ),
    "faults": (UP, on_the_cluster("-m", "alone or long", "-rP", "tests/faults", "tests/soak", *TOO_LONG)),
    "systems": (UP, on_the_cluster(*SIDE_BY_SIDE, "-m", "not alone", "tests/systems")),
    "distribution": (UP, on_the_cluster("tests/distribution", "tests/e2e/test_upgrade.py")),
    "monitoring": (UP, on_the_cluster("-rP", "tests/monitoring")),
    "neighbours": (NEIGHBOURS, UP, on_the_cluster("-rP", "tests/neighbours")),
    "walk": (UP, on_the_cluster("-rP", *WALKED)),
    "compat": tuple(stage for minor in build.older() for stage in on(minor)),
}
LAST = (DOWN, on_the_cluster("-m", "host", "tests", name="tests that start the cluster"))
"""What looks at the whole machine, where nothing else may be at work."""
AHEAD = {
    "test": ("cluster", "shop", "base", "operator", "metrics", "some systems"),
    "faults": ("cluster",),
    "systems": ("cluster", "systems"),
    "monitoring": ("cluster", "shop"),
    "neighbours": ("cluster", "base", "metrics"),
    "walk": ("cluster", "shop"),
    "compat": ("shop", "base", "operator", "metrics"),
    "distribution": ("cluster", "shop", "base", "operator", "helm", "linter"),
}
"""What is built meanwhile."""
NOT_RUN = 10
"""All that ran went well, but not all could run. It is none of pytest's own codes, 0 to 6."""
INTERRUPTED = 130


def main(suite: str) -> int:
    """Run a suite's stages, clean up, and return the exit code: that of the first stage that fails."""
    signal.signal(signal.SIGTERM, interrupt)
    # Whoever starts us in the background may have Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    began = time.monotonic()
    interrupted = 0
    # Two runs would end each other's cluster.
    with locks.held("suite", "running tests"), tempfile.TemporaryDirectory() as folder:
        run = Run(pathlib.Path(folder))
        try:
            run.all((DOWN,))
            choose_node()
            with helper((sys.executable, "-m", "hack.images.ahead", *AHEAD[suite])):
                run.all(SUITES[suite])
            if suite == "test":
                run.all(LAST)
        except KeyboardInterrupt:
            interrupted = INTERRUPTED
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # for the cleaning up as well
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            ended = subprocess.run(DOWN.command, check=False).returncode
        reported = summary.suites(sorted(pathlib.Path(folder).iterdir()))
        result, verdict = judged(suite, interrupted or run.result, reported, summary.failed(run.outcomes))
        total = f"{summary.counted(reported)} in {time.monotonic() - began:.0f} s: {verdict}"
        print("\n".join([*summary.times(run.outcomes, reported), f"make {suite}: {total}"]), flush=True)
    return result or ended


def judged(
    suite: str, result: int, reported: list[ElementTree.Element], failed: list[str]
) -> tuple[int, str]:
    """Return the exit code of a suite and the words for it, given those of its stages."""
    left_out = summary.not_run(reported)
    if not result and not summary.passed(reported):
        result = stages.NO_TESTS
    if not result and suite != "test" and not all(reason.startswith(NEEDS) for reason in left_out):
        result = NOT_RUN
    words = {0: "all is well", INTERRUPTED: "interrupted"}.get(result, "FAILED")
    reasons = "; ".join(f"{reason} ({number})" for reason, number in left_out.items())
    said = [": ".join([words, *failed[:1]]), *failed[1:], *([f"NOT RUN: {reasons}"] if reasons else [])]
    return result, "; ".join(said)


def interrupt(number: int, frame: types.FrameType | None) -> None:
    """Treat a request to end as Ctrl-C."""
    raise KeyboardInterrupt


def choose_node() -> None:
    """Take a simulated node where a real one isn't possible, and say what that leaves out.

    Asked before the cluster is started: a real node that is possible and doesn't start is a failure.
    """
    if lifecycle.default_node() != "real" or os.environ.get("KUBE_NODE"):
        return
    try:
        host.require_possible()
    except ClusterError as error:
        print(f"No real node: {error}. Tests that need one are skipped.", flush=True)
        os.environ["KUBE_NODE"] = "simulated"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
