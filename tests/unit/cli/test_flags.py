"""A short flag has one meaning, whichever command it is typed with."""

import collections

import click

from formation_cli import command_table
from formation_cli.program import program

FOREMANS = command_table.SECTIONS["Outside a cluster"]
"""They ask no cluster, and have Foreman's flags."""
KUBECTLS = {"-f": {"--follow", "--filename"}}
"""Those that kubectl itself has with two meanings."""


def test_a_short_flag_has_one_meaning() -> None:
    found: dict[str, set[str]] = collections.defaultdict(set)
    for name in command_table.ENTRIES.keys() - FOREMANS:
        command = program.get_command(click.Context(program), name)
        assert command is not None
        for option in command.params:
            longest = max(option.opts, key=len)
            for short in (each for each in option.opts if not each.startswith("--") and each[0] == "-"):
                found[short].add(longest)
    assert {short for short, meanings in found.items() if len(meanings) > 1} == {*KUBECTLS}
    assert found["-f"] == KUBECTLS["-f"]
    assert (found["-t"], found["-i"], found["-p"]) == ({"--tty"}, {"--stdin"}, {"--previous"})
