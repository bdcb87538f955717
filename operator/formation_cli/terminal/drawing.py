"""Show a table again and again: at a terminal over the one before, to a program what is new."""

import contextlib
from collections.abc import Callable, Iterator

import click

from formation_cli.cluster import follow
from formation_cli.cluster.follow import Subject
from formation_cli.cluster.port import Cluster, Object
from formation_cli.terminal import screen
from formation_cli.views.table import Table

TICK = 1.0
"""Seconds until the times in a table are old."""


def is_possible() -> bool:
    """Tell whether a person reads the output, at a terminal whose cursor can be moved."""
    return screen.is_terminal() and not screen.window().console().is_dumb_terminal


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
        with screen.window().in_place() as draw:
            yield draw
        return
    shown: set[tuple[str, ...]] = set()

    def write(table: Table) -> None:
        screen.write_news(table, shown, beside=beside)
        shown.clear()
        shown.update(table.lasting())

    yield write


def live(cluster: Cluster, subjects: list[Subject], table: Callable[[list[Object]], Table]) -> None:
    """Show the table of what is there, until somebody interrupts."""
    with following() as draw:
        for objects in follow.snapshots(cluster, *subjects, tick=TICK):
            draw(table(objects))
