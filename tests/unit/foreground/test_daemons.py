"""The table of programs that are known to leave the foreground: what it says can be said in two languages."""

import dataclasses
import re

import pytest

from formation_operator.foreground import check
from formation_operator.foreground.daemon import ANYTHING, NO_FILE
from formation_operator.foreground.daemons import TABLE

PATTERNS = sorted(
    {
        pattern
        for daemon in TABLE.values()
        for field, pattern in dataclasses.asdict(daemon).items()
        if field not in ("way_out", "does") and pattern
    }
    | {daemon.words for daemon in TABLE.values()}
    | {
        NO_FILE.pattern,
        check.WRAPPERS.pattern,
        check.VERSIONED.pattern,
        check.NAME,
        check.OPTION.pattern,
        check.PROGRAM.pattern,
    }
)
NEEDS_NO_OPTION = [name for name, daemon in TABLE.items() if daemon.background == ANYTHING]
# What Python has and RE2 lacks, or has with another meaning.
PYTHONS_OWN = re.compile(r"\(\?(=|!|<|P=|>|\()|\\[1-9dDwWsSbBAZ]|[*+?}]\+")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_means_the_same_to_python_and_to_re2(pattern: str) -> None:
    re.compile(pattern)
    assert not PYTHONS_OWN.search(pattern)


@pytest.mark.parametrize("name", TABLE)
def test_a_program_has_a_way_out_that_ends_a_sentence(name: str) -> None:
    daemon = TABLE[name]
    assert daemon.way_out
    assert daemon.way_out[0].islower()
    assert not daemon.way_out.endswith(".")


@pytest.mark.parametrize("name", TABLE)
def test_a_row_that_says_what_stays_says_what_leaves(name: str) -> None:
    daemon = TABLE[name]
    assert not daemon.foreground or daemon.background or "configuration" in daemon.way_out


@pytest.mark.parametrize("name", TABLE)
def test_a_program_alone_is_warned_about_only_if_it_needs_no_option(name: str) -> None:
    warned = check.finding([name]) is not None
    assert warned == (name in NEEDS_NO_OPTION)


@pytest.mark.parametrize("name", [name for name in NEEDS_NO_OPTION if name != "nohup"])  # wrong by itself
def test_a_program_whose_options_are_a_variable_is_not_warned_about(name: str) -> None:
    assert check.finding([name, "$(OPTIONS)"]) is None


@pytest.mark.parametrize("name", NEEDS_NO_OPTION)
def test_a_program_that_needs_no_option_has_one_that_only_asks(name: str) -> None:
    flags = ("--help", "--version", "-h", "-V", "-v")
    assert any(check.finding([name, flag]) is None for flag in flags)
