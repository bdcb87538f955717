"""The table of programs that are known to leave the foreground: what it says can be said in two languages."""

import re

import pytest

from formation_operator.foreground import check
from formation_operator.foreground.programs import ALWAYS, TABLE

PATTERNS = sorted(
    {each.pattern for program in TABLE.values() for each in (program.leaves, program.stays)}
    | {check.BEFORE.pattern, check.VERSIONED.pattern}
)
NEEDS_NO_OPTION = [name for name, program in TABLE.items() if program.leaves.pattern == rf"\n({ALWAYS})\n"]
# What Python has and RE2 lacks, or has with another meaning.
PYTHONS_OWN = re.compile(r"\(\?(=|!|<|P=|>|\()|\\[1-9dDwWsSbBAZ]|[*+?}]\+")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_means_the_same_to_python_and_to_re2(pattern: str) -> None:
    assert not PYTHONS_OWN.search(pattern)


@pytest.mark.parametrize("name", TABLE)
def test_a_program_alone_is_warned_about_only_if_it_needs_no_option(name: str) -> None:
    warned = check.finding([name]) is not None
    assert warned == (name in NEEDS_NO_OPTION)


@pytest.mark.parametrize("name", NEEDS_NO_OPTION)
def test_a_program_whose_options_are_a_variable_is_not_warned_about(name: str) -> None:
    assert check.finding([name, "$(OPTIONS)"]) is None
    assert check.finding(["sh", "-c", f'exec {name} "$OPTIONS"']) is None


@pytest.mark.parametrize("name", NEEDS_NO_OPTION)
def test_a_program_that_needs_no_option_has_one_that_only_asks(name: str) -> None:
    flags = ("--help", "--version", "-h", "-V", "-v")
    assert any(check.finding([name, flag]) is None for flag in flags)
