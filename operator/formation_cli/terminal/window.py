"""Draw tables for a person, in colours, at a terminal that can take back what it was sent."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.constrain import Constrain
from rich.live import Live
from rich.table import Table as RichTable
from rich.text import Text

from formation_cli.terminal.screen import PLAIN_GAP
from formation_cli.views.table import Table

UNFOLDED = {"PROCESS", "STATE"}
"""Columns whose words are looked for, or typed again."""
NARROW_GAP = 1
"""Spaces where the window is too narrow for that."""
ECHO = "^C"
"""What the terminal writes behind the last line: in a window that is full, it would make one line more."""


def console() -> Console:
    """Return what writes to a person's terminal."""
    return Console(highlight=False, soft_wrap=False)


def show(table: Table) -> None:
    """Write a table once."""
    whole = console()
    whole.print(rendered(table, whole.width))


def rendered(table: Table, width: int) -> RenderableType:
    """Return a table that is at most so wide at a terminal; it has short names then, or is folded."""
    if not (fits := _fits(table, width)):
        table = table.short()
        fits = _fits(table, width)
    gap = PLAIN_GAP if fits else NARROW_GAP
    whole = RichTable(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    for column in table.columns:
        whole.add_column(column, overflow="fold", no_wrap=column in UNFOLDED)
    for row in table.rows:
        whole.add_row(*(Text(cell.text, style=cell.colour) for cell in row))
    return Constrain(whole, width)


def _fits(table: Table, width: int) -> bool:
    widths = [max(map(cell_len, column)) for column in zip(table.columns, *table.texts(), strict=True)]
    return sum(widths) + PLAIN_GAP * (len(widths) - 1) <= width


@contextlib.contextmanager
def in_place() -> Iterator[Callable[[Table], None]]:
    """Give what draws a table over the one before; the last one stays, as a whole.

    Whatever ends it, the cursor is there again.
    """
    window = console()
    whole: Table | None = None

    def draw(table: Table) -> None:
        nonlocal whole
        whole = table
        place.update(_rendered(fitted(table, window), window), refresh=True)

    with Live(console=window, auto_refresh=False) as place:
        try:
            yield draw
        finally:
            if whole is not None:
                place.update(_rendered(whole, window))


def fitted(table: Table, window: Console) -> Table:
    """Return a table that fits into the window, without the first rows, if its latest row is last."""
    if not table.latest_last:
        return table
    shown = dataclasses.replace(table, rows=table.rows[-window.height :])
    while len(shown.rows) > 1 and len(window.render_lines(_rendered(shown, window))) > window.height:
        shown = dataclasses.replace(shown, rows=shown.rows[1:])
    return shown


def _rendered(table: Table, window: Console) -> RenderableType:
    return rendered(table, window.width - len(ECHO))
