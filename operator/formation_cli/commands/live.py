"""A table that follows what happens: in place at a terminal, and as new lines for a program."""

from collections.abc import Callable

from rich.live import Live

from formation_cli.cluster import follow
from formation_cli.cluster.follow import Subject
from formation_cli.cluster.port import Cluster, Object
from formation_cli.terminal import screen
from formation_cli.views.table import Table

TICK = 1.0
"""Seconds until the times in a table are old."""


def show(cluster: Cluster, subjects: list[Subject], table: Callable[[list[Object]], Table]) -> None:
    """Show the table of what is there, until somebody interrupts."""
    sights = follow.snapshots(cluster, *subjects, tick=TICK)
    if screen.is_terminal():
        with Live(console=screen.console(), auto_refresh=False) as place:
            for objects in sights:
                place.update(screen.rendered(table(objects)), refresh=True)
        return
    shown: set[tuple[str, ...]] = set()
    for objects in sights:
        current = table(objects)
        screen.write_news(current, shown)
        shown = set(current.lasting())
