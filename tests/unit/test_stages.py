"""A run of a suite fails if any part of it does, and says what couldn't run."""

import pathlib
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from tests import minors
from tests.client import eventually
from tests.cluster import paths
from tests.scripts import suite, summary
from tests.scripts.stages import FINE, NO_TESTS, Run, Stage

WELL = (sys.executable, "-c", "")
ENDLESS = "import time; time.sleep(600)"


def ending(code: int) -> tuple[str, ...]:
    return sys.executable, "-c", f"raise SystemExit({code})"


@pytest.mark.parametrize("code", FINE)
def test_what_fails_beside_a_stage_fails_it_though_the_stage_has_no_test(
    code: int, tmp_path: pathlib.Path
) -> None:
    assert Run(tmp_path).all((Stage("tests", ending(code), beside=ending(1)),)) == 1


def test_a_stage_that_fails_is_the_last_and_ends_what_is_beside_it(tmp_path: pathlib.Path) -> None:
    run = Run(tmp_path)
    endless = sys.executable, "-c", ENDLESS
    assert run.all((Stage("one", ending(3), beside=endless), Stage("two", WELL))) == 3
    assert [name for name, _ in run.seconds] == ["one"]


def test_what_fails_beside_a_stage_ends_it_at_once(tmp_path: pathlib.Path) -> None:
    run = Run(tmp_path)
    assert run.all((Stage("tests", (sys.executable, "-c", ENDLESS), beside=ending(3)),)) == 3
    assert run.seconds[0][1] < 60


def test_a_stage_without_tests_fails_nothing(tmp_path: pathlib.Path) -> None:
    assert Run(tmp_path).all((Stage("one", ending(NO_TESTS)), Stage("two", WELL, beside=WELL))) == 0


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
import pathlib, sys
from tests.scripts.stages import Run, Stage
Run(pathlib.Path(sys.argv[1])).all((Stage("work", (sys.executable, "-c", *sys.argv[2:])),))
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


def test_a_report_that_was_cut_short_keeps_no_other_from_being_told(tmp_path: pathlib.Path) -> None:
    for name, text in (("0", ""), ("1", '<testsuite tests="1'), ("2", '<testsuite tests="3" skipped="1"/>')):
        (tmp_path / f"{name}.xml").write_text(text)
    assert summary.counted(summary.suites(tmp_path)) == "2 passed, 1 skipped"


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
    return summary.suites(folder)


def test_what_could_not_run_is_named_with_its_reason(reported: list[ElementTree.Element]) -> None:
    assert suite.judged("test", 0, reported) == (0, "all is well; NOT RUN: no node here (2)")


@pytest.mark.parametrize("asked_for", sorted(suite.SUITES.keys() - {"test"}))
def test_what_a_person_asked_for_and_could_not_run_is_a_failure(
    asked_for: str, reported: list[ElementTree.Element]
) -> None:
    result, words = suite.judged(asked_for, 0, reported)
    assert result == suite.NOT_RUN
    assert words == "FAILED; NOT RUN: no node here (2)"


def test_on_an_older_kubernetes_what_needs_a_newer_one_is_named_and_no_failure() -> None:
    skipped = f'<testsuite tests="2" skipped="1"><skipped message="{minors.NEEDS} 1.34: it"/></testsuite>'
    reported = [ElementTree.fromstring(skipped)]
    assert suite.judged("compat", 0, reported) == (0, "all is well; NOT RUN: needs Kubernetes 1.34: it (1)")


@pytest.mark.parametrize(("chosen", "skipped"), [("", False), ("1.9", True), ("1.34", False)])
def test_a_test_that_needs_a_minor_is_skipped_on_those_before_it(
    chosen: str, skipped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBE_VERSION", chosen)
    assert minors.since("1.34", "it").mark.args == (skipped,)


def test_what_could_not_run_has_an_exit_code_that_pytest_has_for_nothing_else() -> None:
    assert suite.NOT_RUN not in [*pytest.ExitCode]


def test_what_failed_says_so_whatever_could_not_run(reported: list[ElementTree.Element]) -> None:
    assert suite.judged("faults", 1, reported) == (1, "FAILED; NOT RUN: no node here (2)")
    assert suite.judged("faults", suite.INTERRUPTED, [])[1] == "interrupted"


def test_where_no_test_passed_nothing_is_well() -> None:
    assert suite.judged("test", 0, []) == (NO_TESTS, "FAILED")
