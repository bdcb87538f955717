"""Change a Formation by what it says now, again if somebody has just changed it; say what goes with it."""

from collections.abc import Callable

import click

from formation_cli.cluster import formations
from formation_cli.cluster.port import Cluster, ConflictFailure, Object
from formation_cli.terminal import formats, screen
from formation_operator.api import naming

TRIES = 5


def change(
    cluster: Cluster, name: str, patch: Callable[[Object], list[Object]], *, dry_run: bool = False
) -> tuple[Object, Object]:
    """Write a patch that is made from the Formation as it is; return the Formation before and after.

    A patch without operations writes nothing.
    """
    for tries_left in reversed(range(TRIES)):
        before = formations.find(cluster, name)
        operations = patch(before)
        if not operations:
            return before, before
        try:
            return before, cluster.patch(naming.KIND, name, operations, dry_run=dry_run)
        except ConflictFailure:
            if not tries_left:
                raise
    raise AssertionError("unreachable")


def report(after: Object, output: str | None, sentence: str) -> None:
    """Print what was written, in a sentence or as a program wants it."""
    if output:
        formats.write_object(after, output)
    else:
        screen.write(sentence)


def advise(formation: Object, *sentences: str) -> None:
    """Say beside the result what else there is to know of a change; what is empty isn't said."""
    for sentence in filter(None, sentences):
        click.echo(sentence, err=True)
    if formation["spec"].get("paused"):
        click.echo("spec.paused is true: nothing changes until you remove it.", err=True)
