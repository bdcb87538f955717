"""A run of a suite fails if any part of it does, runs the rest, and says what failed or couldn't run."""

import pathlib
import sys
from xml.etree import ElementTree

import pytest

from hack.cluster import settings
from hack.scripts import suite, summary
from hack.scripts.stages import NO_TESTS, Run, Stage

WELL = (sys.executable, "-c", "")


def ending(code: int) -> tuple[str, ...]:
    return sys.executable, "-c", f"raise SystemExit({code})"


def test_what_needs_a_stage_that_failed_is_not_run_and_all_else_is(tmp_path: pathlib.Path) -> None:
    cluster = Stage("cluster", ending(3))
    tests = Stage("tests", WELL, beside=Stage("checks", ending(4)), needs=cluster)
    run = Run(tmp_path)
    run.all((cluster, tests, Stage("more", WELL, needs=tests), Stage("last", WELL)))

    ends = {outcome.stage.name: outcome.code for outcome in run.outcomes}
    assert ends == {"cluster": 3, "tests": None, "checks": 4, "more": None, "last": 0}
    assert run.result == 3
    assert {"cluster (exit code 3)", "tests (not run)"} <= {*summary.failed(run.outcomes)}


def skipped(reason: str) -> list[ElementTree.Element]:
    """Return what pytest reports of a test that ran, and of one that couldn't."""
    return [
        ElementTree.fromstring(f'<testsuite tests="2" skipped="1"><skipped message="{reason}"/></testsuite>')
    ]


@pytest.mark.parametrize("asked_for", suite.SUITES)
def test_what_a_person_asked_for_and_could_not_run_is_a_failure(asked_for: str) -> None:
    result, words = suite.judged(asked_for, 0, skipped("no node here"), [])
    assert words.endswith("NOT RUN: no node here (1)")
    assert result == (0 if asked_for == "test" else suite.NOT_RUN)


def test_on_an_older_kubernetes_what_needs_a_newer_one_is_named_and_no_failure() -> None:
    result, words = suite.judged("compat", 0, skipped(f"{settings.NEEDS} 1.34: it"), [])
    assert (result, words) == (0, "all is well; NOT RUN: needs Kubernetes 1.34: it (1)")


def test_where_no_test_passed_nothing_is_well() -> None:
    assert suite.judged("test", 0, [], []) == (NO_TESTS, "FAILED")
