"""A run of a suite fails if any part of it does, runs the rest, and says what failed or couldn't run."""

import dataclasses
import pathlib
import signal
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from tests import minors
from tests.client import eventually
from tests.cluster import paths
from tests.scripts import suite, summary
from tests.scripts.stages import FINE, NO_TESTS, Outcome, Run, Stage

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


@pytest.mark.parametrize("code", FINE)
def test_what_fails_beside_a_stage_fails_the_run_though_the_stage_has_no_test(
    code: int, tmp_path: pathlib.Path
) -> None:
    beside = Stage("checks", ending(1))
    assert run(tmp_path, Stage("tests", ending(code), beside)).result == 1


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


def test_a_stage_without_tests_fails_nothing(tmp_path: pathlib.Path) -> None:
    fine = run(tmp_path, Stage("one", ending(NO_TESTS)), Stage("two", WELL, beside=Stage("beside", WELL)))
    assert fine.result == 0
    assert not summary.failed(fine.outcomes)


@pytest.mark.parametrize("name", suite.SUITES)
def test_where_the_cluster_does_not_start_only_what_needs_none_is_run(
    name: str, tmp_path: pathlib.Path
) -> None:
    def failing(stage: Stage | None) -> Stage | None:
        if stage is None:
            return None
        starts = "tests.cluster" in stage.command and "up" in stage.command
        return dataclasses.replace(
            stage,
            command=ending(3) if starts else WELL,
            beside=failing(stage.beside),
            needs=failing(stage.needs),
        )

    stages = [each for each in map(failing, (suite.DOWN, *suite.SUITES[name], *suite.LAST)) if each]
    ran = {stage for stage, code in ends(run(tmp_path, *stages)).items() if code is not None}
    cluster = {stage.name for stage in suite.SUITES[name] if stage.needs == suite.DOWN}
    assert cluster
    assert ran - cluster == {suite.DOWN.name, *([suite.CHECKS.name] if name == "test" else [])}


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


def test_ctrl_c_ends_what_runs_and_nothing_else_is_begun(tmp_path: pathlib.Path) -> None:
    reports, said = tmp_path / "reports", tmp_path / "said"
    reports.mkdir()
    command = (sys.executable, "-c", RUN, str(reports), WORK, str(said))
    run = subprocess.Popen(command, cwd=paths.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    eventually(lambda: said.exists() and said.read_text() == "begun")
    run.send_signal(signal.SIGINT)
    stages, _ = run.communicate()
    assert said.read_text() == "interrupted"
    assert stages == "== work\n"


FAILING = """
import pytest
@pytest.mark.parametrize("number", range(7))
def test_a(number): assert False
def test_b(): pass
@pytest.fixture
def broken(): raise ValueError
def test_c(broken): pass
"""


def test_the_end_names_the_tests_that_failed_in_each_stage_the_first_of_many(tmp_path: pathlib.Path) -> None:
    reports, root = tmp_path / "reports", tmp_path / "root"
    reports.mkdir()
    root.mkdir()
    (root / "test_it.py").write_text(FAILING)
    pytests = (sys.executable, "-m", "pytest", f"--rootdir={root}", f"{root}/test_it.py", "-q")
    checks = Stage("the checks", (*pytests, "-k", "test_b or test_c"))
    alone = Stage("tests that run alone", (*pytests, "-k", "test_a or test_b"), beside=checks)
    failed = run(reports, alone, Stage("tests side by side", (*pytests, "-k", "test_b")))
    words = sorted(summary.failed(failed.outcomes))
    named = ", ".join(f"test_it.py::test_a[{number}]" for number in range(5))
    assert words == ["tests that run alone (" + named + ", 2 more)", "the checks (test_it.py::test_c)"]
    reported = summary.suites(reports.iterdir())
    assert summary.counted(reported) == "3 passed, 7 failures, 1 errors"
    assert suite.judged("test", failed.result, reported, words) == (1, f"FAILED: {'; '.join(words)}")


def test_the_end_says_how_long_each_stage_took_and_which_twenty_tests_were_the_slowest(
    tmp_path: pathlib.Path,
) -> None:
    cases = [f'<testcase file="test_it.py" name="test_{number}" time="{number}"/>' for number in range(30)]
    reported = [ElementTree.fromstring(f"<testsuite>{''.join(cases)}</testsuite>")]
    ran = [
        Outcome(Stage(name, WELL), tmp_path, 0, seconds) for name, seconds in (("one", 71.9), ("two", 3.0))
    ]
    slowest = [f"{number:6} s  test_it.py::test_{number}" for number in range(29, 9, -1)]
    stages = ["stages:", "    72 s  one", "     3 s  two"]
    assert summary.times(ran, reported) == [*stages, "the 20 slowest tests:", *slowest]


def test_a_report_that_was_cut_short_keeps_no_other_from_being_told(tmp_path: pathlib.Path) -> None:
    for name, text in (("0", ""), ("1", '<testsuite tests="1'), ("2", '<testsuite tests="3" skipped="1"/>')):
        (tmp_path / f"{name}.xml").write_text(text)
    assert summary.counted(summary.suites(tmp_path.iterdir())) == "2 passed, 1 skipped"


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


@pytest.mark.parametrize(("chosen", "skipped"), [("", False), ("1.9", True), ("1.34", False)])
def test_a_test_that_needs_a_minor_is_skipped_on_those_before_it(
    chosen: str, skipped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBE_VERSION", chosen)
    assert minors.since("1.34", "it").mark.args == (skipped,)


def test_what_could_not_run_has_an_exit_code_that_pytest_has_for_nothing_else() -> None:
    assert suite.NOT_RUN not in [*pytest.ExitCode]


def test_what_failed_says_so_whatever_could_not_run(reported: list[ElementTree.Element]) -> None:
    failed = ["tests (exit code 1)"]
    words = "FAILED: tests (exit code 1); NOT RUN: no node here (2)"
    assert suite.judged("faults", 1, reported, failed) == (1, words)
    assert suite.judged("faults", suite.INTERRUPTED, [], [])[1] == "interrupted"


def test_where_no_test_passed_nothing_is_well() -> None:
    assert suite.judged("test", 0, [], []) == (NO_TESTS, "FAILED")
