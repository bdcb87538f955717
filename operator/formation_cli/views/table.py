"""A table, before anybody knows whether it is for a person or for a program; and times as it has them."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

from formation_operator.api.reasons import ScheduleState, State
from formation_operator.kube.objects import timestamps

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


NAMED = 5
"""How many processes a sentence names."""
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


def listed(names: Sequence[str]) -> str:
    """Return some names for a sentence: a type may have thousands of processes."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


STEPS = ((120, 1, "s"), (600, 60, "m"), (10800, 60, "m"), (172800, 3600, "h"))
DAY = 86400


def ago(text: str | None, now: float) -> str:
    """Return how long ago an RFC 3339 time was; nothing of what isn't one."""
    moment = timestamps.epoch(text)
    return "" if moment is None else span(max(0.0, now - moment))


def until(text: str, now: float) -> str:
    """Return how soon an RFC 3339 time comes; nothing of what isn't one."""
    moment = timestamps.epoch(text)
    return "" if moment is None else span(max(0.0, moment - now))


def span(seconds: float) -> str:
    """Return a time as kubectl does.

    Source: ``k8s.io/apimachinery/pkg/util/duration``, simplified.

    >>> [span(each) for each in (5, 119, 130, 7200, 100000, 200000)]
    ['5s', '119s', '2m', '120m', '27h', '2d']
    """
    for below, unit, letter in STEPS:
        if seconds < below:
            return f"{int(seconds // unit)}{letter}"
    return f"{int(seconds // DAY)}d"
