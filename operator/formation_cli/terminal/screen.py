"""Where output goes, and whether a person reads it there."""

import importlib
import os
import sys
from collections.abc import Iterable
from typing import Any

import click

from formation_cli.views import log_lines
from formation_cli.views.log_lines import Line
from formation_cli.views.table import Table

PLAIN_GAP = 3
"""Spaces between the columns, as kubectl has them."""


def is_terminal() -> bool:
    """Tell whether a person reads the output."""
    return sys.stdout.isatty()


def coloured(text: str, colour: str) -> str:
    """Return a text in a colour, if it has one and a person reads it who wants colours."""
    wanted = colour and is_terminal() and not os.environ.get("NO_COLOR")
    return click.style(text, fg=colour) if wanted else text


def window() -> Any:
    """Return the module that draws for a person: it takes long to import, and no program needs it."""
    return importlib.import_module("formation_cli.terminal.window")


def write_table(table: Table) -> None:
    """Write a table: in colours at a terminal, else in columns that programs can split."""
    if is_terminal():
        window().show(table)
    else:
        write("\n".join(plain(table)))


def write(text: str) -> None:
    """Write lines that have no colours."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def write_lines(texts: Iterable[str]) -> None:
    """Write lines that have no colours; nothing at all where there are none."""
    for text in texts:
        write(text)


def plain(table: Table) -> list[str]:
    """Return the lines of a table in aligned columns, without a space at their ends."""
    lines = [table.columns, *table.texts()]
    widths = [max(map(len, column)) + PLAIN_GAP for column in zip(*lines, strict=True)]
    return ["".join(map(str.ljust, line, widths)).rstrip() for line in lines]


def write_news(table: Table, shown: set[tuple[str, ...]], *, beside: bool = False) -> None:
    """Write the rows that aren't among those shown, below the names of the columns if none is.

    They go to stdout, or to stderr where they are said ``beside`` a result.
    """
    first = not shown
    lines = plain(table)
    news = [line for line, row in zip(lines[1:], table.lasting(), strict=True) if row not in shown]
    if news:
        click.echo("\n".join([lines[0], *news] if first else news), err=beside)


class Writer:
    """Writes for a person in colours, and without what moves the cursor.

    It writes to stdout, or to stderr what is said ``beside`` a result.
    """

    def __init__(self, types: list[str], *, timestamps: bool = False, beside: bool = False) -> None:
        """Take the types in the order of their colours, and whether lines begin with their times."""
        self._types = types
        self._timestamps = timestamps
        self._beside = beside
        self._terminal = is_terminal()
        self._width = log_lines.width(types)

    def write(self, line: Line) -> None:
        """Write one line; who comes and goes is for a person only."""
        if self._terminal or line.source.type != log_lines.SYSTEM:
            prefix = log_lines.prefix(line.source.label, self._width)
            time = f"{line.time} " if self._timestamps and line.time else ""
            text = log_lines.harmless(line.text) if self._terminal else line.text
            colour = log_lines.colour(line.source.type, self._types)
            stream = sys.stderr if self._beside else sys.stdout
            stream.write(f"{coloured(prefix, colour)}{time}{text}\n")
            stream.flush()
