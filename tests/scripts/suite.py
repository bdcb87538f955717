"""``make test``: the checks, the tests on a cluster, and those that start the cluster themselves.

``make systems``: those of tests/systems alone.

One cluster can run at a time, so one that is up is ended first. Whatever happens, Ctrl-C included,
no cluster is left behind, and the last line says how many tests have passed.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import types
from xml.etree import ElementTree

from tests.cluster import ClusterError, host, lifecycle

CLUSTER = (sys.executable, "-m", "tests.cluster")
PYTEST = (sys.executable, "-m", "pytest", "tests", "--ignore=tests/unit")
UP = (*CLUSTER, "up")
DOWN = (*CLUSTER, "down")
SUITES = {
    "test": (("tests/scripts/check",), DOWN, UP, (*PYTEST, "-m", "not host"), DOWN, (*PYTEST, "-m", "host")),
    "systems": (DOWN, UP, (sys.executable, "-m", "pytest", "tests/systems")),
}
INTERRUPTED = 130
NO_TESTS = 5
"""pytest's answer where every test was left out."""


def main(suite: str) -> int:
    """Run a suite's stages up to the first that fails, clean up, and return the exit code."""
    signal.signal(signal.SIGTERM, interrupt)
    # Whoever starts us in the background may have Ctrl-C ignored, and pytest would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as reports:
        try:
            result = run_stages(SUITES[suite], pathlib.Path(reports))
        except KeyboardInterrupt:
            result = INTERRUPTED
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # for the cleaning up as well
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            ended = subprocess.run(DOWN, check=False).returncode
        print(f"make {suite}: {total(pathlib.Path(reports), time.monotonic() - began, result)}", flush=True)
    return result or ended


def interrupt(number: int, frame: types.FrameType | None) -> None:
    """Treat a request to end as Ctrl-C."""
    raise KeyboardInterrupt


def run_stages(stages: tuple[tuple[str, ...], ...], reports: pathlib.Path) -> int:
    """Return the exit code of the first stage that fails, or zero."""
    for number, command in enumerate(stages):
        if command == UP:
            choose_node()
        result = run(command, reports / f"{number}.xml")
        if result not in (0, NO_TESTS):
            return result
    return 0


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


def run(command: tuple[str, ...], report: pathlib.Path) -> int:
    """Run a stage; if it is interrupted, let it end in its own way first.

    In a session of its own: Ctrl-C at a terminal would reach it twice, and the second one would cut
    short the cleaning up that the first had begun.
    """
    options = f"{os.environ.get('PYTEST_ADDOPTS', '')} --junitxml={report}"
    child = subprocess.Popen(command, env={**os.environ, "PYTEST_ADDOPTS": options}, start_new_session=True)
    try:
        return child.wait()
    except KeyboardInterrupt:
        os.killpg(child.pid, signal.SIGINT)
        with contextlib.suppress(KeyboardInterrupt, subprocess.TimeoutExpired):
            child.wait(timeout=60)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        raise


def total(reports: pathlib.Path, seconds: float, result: int) -> str:
    """Return the closing line, counted from pytest's reports."""
    suites = [
        suite for file in sorted(reports.glob("*.xml")) for suite in ElementTree.parse(file).iter("testsuite")
    ]
    counted = {
        name: sum(int(suite.get(name, 0)) for suite in suites)
        for name in ("tests", "failures", "errors", "skipped")
    }
    passed = counted["tests"] - sum(counted[name] for name in ("failures", "errors", "skipped"))
    others = [f"{count} {name}" for name, count in counted.items() if count and name != "tests"]
    verdict = {0: "all is well", INTERRUPTED: "interrupted"}.get(result, "FAILED")
    return f"{', '.join([f'{passed} passed', *others])} in {seconds:.0f} s: {verdict}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
