"""The page of the programs that are known to go into the background, from the operator's own table."""

import itertools
from collections.abc import Iterable

from crds.generate.pages import parts
from formation_operator.foreground.programs import ALWAYS, NEVER, TABLE, Program

TEXT = """\
<!-- Generated from the operator's table of programs by `python -m crds.generate`: don't edit. -->
# Programs that go into the background

The operator knows these programs, and what keeps each [in the foreground](foreground.md).

{table}
"""


def build() -> str:
    """Return the page."""
    programs = itertools.groupby(TABLE, key=TABLE.__getitem__)
    rows = [_row(program, names) for program, names in programs]
    return TEXT.format(table=parts.table(["program", "goes into the background", "instead"], rows))


def _row(program: Program, names: Iterable[str]) -> list[str]:
    return [parts.code(names), when(program), f"{program.fix[0].upper()}{program.fix[1:]}"]


def when(program: Program) -> str:
    """Return when a program goes into the background."""
    words = program.leaves.pattern.removeprefix(r"\n(").removesuffix(r")\n")
    if "to its configuration" not in program.fix:
        return "by default" if words == ALWAYS else "with an option or a verb"
    unread = {ALWAYS: "", NEVER: ", which the check doesn't read"}
    options = parts.code(words.split("|"))
    more = unread.get(words, f"{unread[NEVER]}; it warns about {options}")
    return f"unless its configuration forbids it{more}"
