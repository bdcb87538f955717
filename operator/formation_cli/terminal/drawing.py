"""Draw a table over the one before, at a terminal that can take back what it was sent."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator

import click
from rich.console import Console, RenderableType
from rich.live import Live

from formation_cli.cluster import follow
from formation_cli.cluster.follow import Subject
from formation_cli.cluster.port import Cluster, Object
from formation_cli.terminal import screen
from formation_cli.views.table import Table

TICK = 1.0
"""Seconds until the times in a table are old."""
ECHO = "^C"
"""What the terminal writes behind the last line: in a window that is full, it would make one line more."""


def is_possible() -> bool:
    """Tell whether a person reads the output, at a terminal whose cursor can be moved."""
    return screen.is_terminal() and not screen.console().is_dumb_terminal


def check_watch(output: str | None, *, watch: bool) -> None:
    """Raise `click.UsageError` if a table that goes on is wanted in another form."""
    if watch and output:
        raise click.UsageError("--watch shows a table: leave out one of --watch and --output.")


@contextlib.contextmanager
def following(*, beside: bool = False) -> Iterator[Callable[[Table], None]]:
    """Give what shows a table again: in place at a terminal, and for a program as lines of what is new.

    These go to stdout, or to stderr where they are said ``beside`` a result.
    """
    if is_possible():
        with in_place() as draw:
            yield draw
        return
    shown: set[tuple[str, ...]] = set()

    def write(table: Table) -> None:
        screen.write_news(table, shown, beside=beside)
        shown.clear()
        shown.update(table.lasting())

    yield write


@contextlib.contextmanager
def in_place() -> Iterator[Callable[[Table], None]]:
    """Give what draws a table over the one before; the last one stays, as a whole.

    Whatever ends it, the cursor is there again.
    """
    console = screen.console()
    whole: Table | None = None

    def draw(table: Table) -> None:
        nonlocal whole
        whole = table
        place.update(_rendered(fitted(table, console), console), refresh=True)

    with Live(console=console, auto_refresh=False) as place:
        try:
            yield draw
        finally:
            if whole is not None:
                place.update(_rendered(whole, console))


def fitted(table: Table, console: Console) -> Table:
    """Return a table that fits into the window, without the first rows, if its latest row is last."""
    if not table.latest_last:
        return table
    shown = dataclasses.replace(table, rows=table.rows[-console.height :])
    while len(shown.rows) > 1 and len(console.render_lines(_rendered(shown, console))) > console.height:
        shown = dataclasses.replace(shown, rows=shown.rows[1:])
    return shown


def _rendered(table: Table, console: Console) -> RenderableType:
    return screen.rendered(table, console.width - len(ECHO))


def live(cluster: Cluster, subjects: list[Subject], table: Callable[[list[Object]], Table]) -> None:
    """Show the table of what is there, until somebody interrupts."""
    with following() as draw:
        for objects in follow.snapshots(cluster, *subjects, tick=TICK):
            draw(table(objects))
