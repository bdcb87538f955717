"""Change a Formation by what it says now, again if somebody has just changed it; say what goes with it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import click

from formation_cli import failures
from formation_cli.changes import appliers
from formation_cli.cluster import formations
from formation_cli.cluster.port import Cluster, ConflictFailure, Object
from formation_cli.options import How
from formation_cli.terminal import formats, screen
from formation_operator.api import naming

TRIES = 5


class Changed(NamedTuple):
    """A Formation before and after a change; both are the same where it was so already."""

    before: Object
    after: Object

    @property
    def is_written(self) -> bool:
        """Whether anything was written, or would be."""
        return self.before is not self.after


def change(
    cluster: Cluster, name: str, patch: Callable[[Object], list[Object]], *, dry_run: bool = False
) -> Changed:
    """Write a patch that is made from the Formation as it is.

    A patch without operations writes nothing.
    """
    for tries_left in reversed(range(TRIES)):
        before = formations.find(cluster, name)
        operations = patch(before)
        if not operations:
            return Changed(before, before)
        shows = failures.again(f"ps {name}")
        unknown = f"It isn't known whether the change was made: `{shows}` shows how {name} is."
        try:
            with failures.saying_when_ended("" if dry_run else unknown):
                return Changed(before, cluster.patch(naming.KIND, name, operations, dry_run=dry_run))
        except ConflictFailure:
            if not tries_left:
                raise
    raise AssertionError("unreachable")


def take_back(cluster: Cluster, kind: str, name: str) -> None:
    """Delete what was made in vain, whatever comes; say if it may be left behind."""
    with failures.undisturbed():
        try:
            cluster.delete(kind, name)
        except failures.Failure as failure:
            click.echo(f"{kind} {name} may be left behind: {failure.message}", err=True)


def report(changed: Changed, how: How, *sentences: str, value: Any = None) -> None:
    """Print what was written, in sentences or for a program, and beside it who sets it back.

    A program gets the Formation, or the ``value`` in its place.
    """
    if value is not None and how.output in ("json", "yaml"):
        formats.write(value, how.output)
    elif how.output:
        formats.write_object(changed.after, how.output)
    else:
        screen.write_lines(map(how.said, sentences))
    advise(*appliers.set_back(*changed))
    if changed.before["spec"].get("paused"):
        advise("spec.paused is true: nothing changes until you remove it.")


def advise(*sentences: str) -> None:
    """Say beside the result what else there is to know of a change; what is empty isn't said."""
    for sentence in filter(None, sentences):
        click.echo(sentence, err=True)
