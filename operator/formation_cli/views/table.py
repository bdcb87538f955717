"""A table, before anybody knows whether it is for a person or for a program."""

import dataclasses
from typing import NamedTuple

from formation_operator.api.reasons import ScheduleState, State

COLOURS = {
    State.RUNNING: "green",
    State.STARTING: "yellow",
    State.CRASHING: "red",
    State.UNREADY: "yellow",
    State.UNSCHEDULABLE: "red",
    State.IDLE: "dim",
    State.SUSPENDED: "dim",
    "Failed": "red",
    ScheduleState.FAILING: "red",
    "True": "green",
    "False": "red",
}


TIMES = ("SINCE", "AGE", "LAST EXIT")
"""Columns that change with time alone."""


class Cell(NamedTuple):
    """A text in a table, and its colour where there are colours."""

    text: str
    colour: str = ""
    short: str = ""
    """What stands for it in a window that is too narrow for all texts, if there is such a word."""


def state(word: str) -> Cell:
    """Return a cell for a state or the status of a condition, in its colour."""
    return Cell(word, COLOURS.get(word, ""))


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows below the names of their columns."""

    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    latest_last: bool = False
    """Whether the first rows go where a window is too low for all."""

    def texts(self) -> list[tuple[str, ...]]:
        """Return the rows without colours."""
        return [tuple(cell.text for cell in row) for row in self.rows]

    def short(self) -> "Table":
        """Return the table for a narrow window."""
        rows = [tuple(Cell(cell.short or cell.text, cell.colour) for cell in row) for row in self.rows]
        return dataclasses.replace(self, rows=rows)

    def lasting(self) -> list[tuple[str, ...]]:
        """Return the rows without what changes with time alone."""
        kept = [place for place, column in enumerate(self.columns) if column not in TIMES]
        return [tuple(row[place].text for place in kept) for row in self.rows]
