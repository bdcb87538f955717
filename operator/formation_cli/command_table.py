"""The commands: where each one is, and what it does in a line, so that help needn't import them.

A new command is a module in `commands` with a `click.Command`, and a line here.
"""

from typing import NamedTuple


class Entry(NamedTuple):
    """Where a command is, as ``room.module:variable`` below `formation_cli.commands`; and what it does."""

    place: str
    summary: str


SECTIONS: dict[str, dict[str, Entry]] = {
    "Look": {
        "ps": Entry("look.ps:command", "Show the processes of a Formation, or all Formations"),
    },
}
"""The commands by section, in the order of the help."""

ENTRIES = {name: entry for section in SECTIONS.values() for name, entry in section.items()}
