"""A run of a suite fails if any part of it does."""

import pathlib
import sys

import pytest

from tests.scripts.stages import FINE, NO_TESTS, Run, Stage

WELL = (sys.executable, "-c", "")


def ending(code: int) -> tuple[str, ...]:
    return sys.executable, "-c", f"raise SystemExit({code})"


@pytest.mark.parametrize("code", FINE)
def test_what_fails_beside_a_stage_fails_it_though_the_stage_has_no_test(
    code: int, tmp_path: pathlib.Path
) -> None:
    assert Run(tmp_path).all((Stage("tests", ending(code), beside=ending(1)),)) == 1


def test_a_stage_that_fails_is_the_last_and_ends_what_is_beside_it(tmp_path: pathlib.Path) -> None:
    run = Run(tmp_path)
    endless = sys.executable, "-c", "import time; time.sleep(600)"
    assert run.all((Stage("one", ending(3), beside=endless), Stage("two", WELL))) == 3
    assert [name for name, _ in run.seconds] == ["one"]


def test_a_stage_without_tests_fails_nothing(tmp_path: pathlib.Path) -> None:
    assert Run(tmp_path).all((Stage("one", ending(NO_TESTS)), Stage("two", WELL, beside=WELL))) == 0
