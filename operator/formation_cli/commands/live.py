"""A table that follows what happens: in place at a terminal, and as new lines for a program."""

from collections.abc import Callable

from formation_cli.cluster import follow
from formation_cli.cluster.follow import Subject
from formation_cli.cluster.port import Cluster, Object
from formation_cli.terminal import drawing
from formation_cli.views.table import Table

TICK = 1.0
"""Seconds until the times in a table are old."""


def show(cluster: Cluster, subjects: list[Subject], table: Callable[[list[Object]], Table]) -> None:
    """Show the table of what is there, until somebody interrupts."""
    with drawing.following() as draw:
        for objects in follow.snapshots(cluster, *subjects, tick=TICK):
            draw(table(objects))
