"""A table that is drawn again and again, at a terminal."""

import os
import signal
import sys

import pytest
from rich.console import Console

from formation_cli import failures
from formation_cli.terminal import window
from formation_cli.views.table import Cell, Table
from tests.shared.terminal import Terminal

ROWS: list[tuple[Cell, ...]] = [(Cell(f"{number}"), Cell("word " * 12)) for number in range(100)]
LOW = Console(width=40, height=10)


def numbers(table: Table) -> list[str]:
    return [row[0].text for row in table.rows]


def test_the_latest_rows_are_those_that_fit() -> None:
    table = Table(("N", "TEXT"), ROWS, latest_last=True)
    assert numbers(window.fitted(table, LOW)) == ["96", "97", "98", "99"]


def test_what_has_no_latest_row_is_left_to_the_terminal() -> None:
    table = Table(("N", "TEXT"), ROWS)
    assert window.fitted(table, LOW) is table


def test_one_row_is_shown_even_if_it_does_not_fit() -> None:
    table = Table(("N", "TEXT"), [(Cell("1"), Cell("word " * 100))], latest_last=True)
    assert numbers(window.fitted(table, LOW)) == ["1"]


SCRIPT = """
import signal
from formation_cli import failures
from formation_cli.terminal import drawing, window
from formation_cli.views.table import Cell, Table
signal.signal(signal.SIGINT, signal.default_int_handler)  # what is begun in the background ignores it
failures.end_when_asked()
assert drawing.is_possible()
with window.in_place() as draw:
    for count in range(1, 31):
        draw(Table(("N",), [(Cell(str(each)),) for each in range(count)], latest_last=True))
    signal.raise_signal({number})
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_it_the_terminal_is_as_before_and_the_table_whole(number: int) -> None:
    script = SCRIPT.format(number=int(number))
    with Terminal([sys.executable, "-c", script], {**os.environ, "TERM": "xterm"}, rows=10) as terminal:
        terminal.sees("29")
    assert terminal.code == failures.SIGNAL + number
    assert terminal.is_as_before
    assert terminal.screen.split()[:31] == ["N", *map(str, range(30))]


def test_nothing_is_drawn_over_where_the_cursor_can_not_be_moved() -> None:
    script = "from formation_cli.terminal import drawing; print(drawing.is_possible())"
    with Terminal([sys.executable, "-c", script], {**os.environ, "TERM": "dumb"}) as terminal:
        terminal.sees("False")
