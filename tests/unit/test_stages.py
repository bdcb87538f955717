"""A run of a suite fails if any part of it does, runs the rest, and says what failed or couldn't run."""

import pathlib
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from tests import minors
from tests.client import eventually
from tests.cluster import paths
from tests.scripts import suite, summary
from tests.scripts.stages import NO_TESTS, Run, Stage

WELL = (sys.executable, "-c", "")


def ending(code: int) -> tuple[str, ...]:
    return sys.executable, "-c", f"raise SystemExit({code})"


def run(reports: pathlib.Path, *stages: Stage) -> Run:
    run = Run(reports)
    run.all(stages)
    return run


def ends(run: Run) -> dict[str, int | None]:
    """Return how each stage ended."""
    return {outcome.stage.name: outcome.code for outcome in run.outcomes}


def test_what_failed_keeps_nothing_from_running_beside_it_or_after_it(tmp_path: pathlib.Path) -> None:
    slow = Stage("slow", (sys.executable, "-c", "import time; time.sleep(1)"))
    failed = run(
        tmp_path, Stage("one", ending(3), beside=slow), Stage("two", ending(4)), Stage("three", WELL)
    )
    assert ends(failed) == {"one": 3, "slow": 0, "two": 4, "three": 0}
    assert failed.result == 3


def test_what_needs_a_stage_that_failed_is_not_run_and_all_else_is(tmp_path: pathlib.Path) -> None:
    cluster = Stage("cluster", ending(3))
    checks = Stage("checks", WELL)
    tests = Stage("tests", WELL, beside=checks, needs=cluster)
    failed = run(tmp_path, cluster, tests, Stage("more", WELL, needs=tests), Stage("last", WELL))
    assert ends(failed) == {"cluster": 3, "tests": None, "checks": 0, "more": None, "last": 0}
    assert failed.result == 3
    assert summary.failed(failed.outcomes) == ["cluster (exit code 3)", "tests (not run)", "more (not run)"]


WORK = """
import pathlib, sys, time
said = pathlib.Path(sys.argv[1])
try:
    said.write_text("begun")
    time.sleep(600)
except KeyboardInterrupt:
    said.write_text("interrupted")
"""
RUN = """
import pathlib, signal, sys
from tests.scripts.stages import Run, Stage
signal.signal(signal.SIGINT, signal.default_int_handler)
stages = [Stage(name, (sys.executable, "-c", *sys.argv[2:])) for name in ("work", "more work")]
Run(pathlib.Path(sys.argv[1])).all(tuple(stages))
"""


def test_a_run_that_is_killed_leaves_no_tests_to_meet_the_cluster_of_the_next(tmp_path: pathlib.Path) -> None:
    reports, said = tmp_path / "reports", tmp_path / "said"
    reports.mkdir()
    command = (sys.executable, "-c", RUN, str(reports), WORK, str(said))
    run = subprocess.Popen(command, cwd=paths.ROOT, stdout=subprocess.DEVNULL)
    eventually(lambda: said.exists() and said.read_text() == "begun")
    run.kill()
    run.wait()
    eventually(lambda: said.read_text() == "interrupted")


SKIPPING = """
import pytest
def test_a(): pass
def test_b(): pytest.skip("no node here")
def test_c(): pytest.skip("no node here")
@pytest.mark.xfail(reason="nobody knows how")
def test_d(): assert False
"""


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> list[ElementTree.Element]:
    """What pytest itself reports of tests that couldn't run, and of one that fails as expected."""
    folder = tmp_path_factory.mktemp("reported")
    (folder / "test_it.py").write_text(SKIPPING)
    command = [sys.executable, "-m", "pytest", "-q", "--noconftest", "-p", "no:cacheprovider", "test_it.py"]
    subprocess.run([*command, "--junitxml=1.xml"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return summary.suites([folder / "1.xml"])


def test_what_could_not_run_is_named_with_its_reason(reported: list[ElementTree.Element]) -> None:
    assert suite.judged("test", 0, reported, []) == (0, "all is well; NOT RUN: no node here (2)")


@pytest.mark.parametrize("asked_for", sorted(suite.SUITES.keys() - {"test"}))
def test_what_a_person_asked_for_and_could_not_run_is_a_failure(
    asked_for: str, reported: list[ElementTree.Element]
) -> None:
    result, words = suite.judged(asked_for, 0, reported, [])
    assert result == suite.NOT_RUN
    assert words == "FAILED; NOT RUN: no node here (2)"


def test_on_an_older_kubernetes_what_needs_a_newer_one_is_named_and_no_failure() -> None:
    skipped = f'<testsuite tests="2" skipped="1"><skipped message="{minors.NEEDS} 1.34: it"/></testsuite>'
    reported = [ElementTree.fromstring(skipped)]
    assert suite.judged("compat", 0, reported, []) == (
        0,
        "all is well; NOT RUN: needs Kubernetes 1.34: it (1)",
    )


def test_where_no_test_passed_nothing_is_well() -> None:
    assert suite.judged("test", 0, [], []) == (NO_TESTS, "FAILED")
