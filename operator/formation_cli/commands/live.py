"""A table that follows what happens: in place at a terminal, and as new lines for a program."""

from collections.abc import Callable

from formation_cli.cluster import follow
from formation_cli.cluster.follow import Subject
from formation_cli.cluster.port import Cluster, Object
from formation_cli.terminal import drawing, screen
from formation_cli.views.table import Table

TICK = 1.0
"""Seconds until the times in a table are old."""


def show(cluster: Cluster, subjects: list[Subject], table: Callable[[list[Object]], Table]) -> None:
    """Show the table of what is there, until somebody interrupts."""
    sights = follow.snapshots(cluster, *subjects, tick=TICK)
    if drawing.is_possible():
        with drawing.in_place() as draw:
            for objects in sights:
                draw(table(objects))
        return
    shown: set[tuple[str, ...]] = set()
    for objects in sights:
        current = table(objects)
        screen.write_news(current, shown)
        shown = set(current.lasting())
