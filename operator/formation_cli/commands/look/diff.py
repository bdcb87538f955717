"""Show what a manifest or a revision would change."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import click

from formation_cli import options
from formation_cli.changes import impact
from formation_cli.changes import revisions as changes
from formation_cli.cluster import formations, kubectl
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import revisions
from formation_cli.failures import FAILED, MISTYPED, Failure
from formation_cli.terminal import formats, screen
from formation_cli.views import differences, history
from formation_operator.api import naming

DIFFERENT = FAILED
"""As with `kubectl diff`."""


class Refused(Failure):
    """Ends a command that can't tell the differences; 1 means that there are differences."""

    exit_code = MISTYPED


@contextlib.contextmanager
def _no_difference() -> Iterator[None]:
    """Tell a failure apart from a difference, by its exit code."""
    try:
        yield
    except Failure as failure:
        if failure.exit_code != DIFFERENT:
            raise
        raise Refused(failure.message, hint=failure.hint) from failure


@click.command("diff", cls=options.Command)
@options.formation(required=False)
@options.word(
    "revision", "--revision", "The same as REVISION.", metavar="[REVISION]", shell_complete=revisions.complete
)
@options.filename()
@click.option("--server-side", is_flag=True, help="Show what `kubectl apply --server-side` would change.")
@options.output("name", text="Print only the names of those that would change.")
@_no_difference()
@options.pass_cluster
@click.pass_context
def command(
    ctx: click.Context,
    cluster: Cluster,
    name: str | None,
    filename: str | None,
    revision: str | None,
    output: str | None,
    *,
    server_side: bool,
) -> None:
    """Show what `kubectl apply -f` would change of Formations, and which processes it would restart.

    With NAME and a REVISION, as `history` calls it, show what `rollback` would change. Ends
    with 0 if nothing would change, 1 if something would, and more if it doesn't know.

    Examples:
      diff -f shop.yaml
      diff -f - < shop.yaml
      diff -f shop.yaml -o name   # prints those that would change
      diff shop 7                 # what `rollback shop 7` would change
    """
    if filename is not None and name is None and revision is None:
        changed = _of_manifest(cluster, filename, output, server_side=server_side)
    elif name is not None and revision is not None and filename is None and not server_side:
        changed = _of_revision(cluster, name, revision, output)
    else:
        raise click.UsageError("Use -f FILE, or NAME REVISION.")
    ctx.exit(DIFFERENT if changed else 0)


def _of_revision(cluster: Cluster, name: str, revision: str, output: str | None) -> bool:
    before = formations.find(cluster, name)
    found = revisions.find(cluster, before, revision)
    after = {**before, "spec": changes.spec_with(before["spec"], found.content)}
    differs = _show(cluster, before, after, output, where=f"as in {found}")
    if differs:
        content = changes.of(before).content
        click.echo(f"{found}: {history.changes(content, found.content)}", err=True)
    return differs


def _of_manifest(cluster: Cluster, filename: str, output: str | None, *, server_side: bool) -> bool:
    found = [each for each in _applied(cluster, filename, server_side=server_side) if _is_formation(each)]
    if not found:
        raise Refused(f"There is no Formation in {filename}.")
    several = len(found) > 1
    changed = [_show(cluster, _before(cluster, each), each, output, several=several) for each in found]
    return any(changed)


def _applied(cluster: Cluster, filename: str, *, server_side: bool) -> list[Object]:
    """Return the objects of a manifest as they would be: only kubectl knows how it merges."""
    how = ["--server-side"] if server_side else []
    done = kubectl.run(cluster, "apply", "--dry-run=server", *how, "--output=json", f"--filename={filename}")
    if done.returncode:
        cluster.get(naming.KIND, "any")  # that it can't be asked has words and a code of its own
        raise Refused(f"{filename} can't be applied. kubectl says:\n{kubectl.printable(done.stderr)}")
    answer: Any = json.loads(done.stdout)
    return list(answer["items"]) if answer["kind"] == "List" else [answer]


def _is_formation(each: Object) -> bool:
    return bool(each["apiVersion"] == naming.API_VERSION and each["kind"] == naming.KIND)


def _before(cluster: Cluster, after: Object) -> Object | None:
    return cluster.get(naming.KIND, after["metadata"]["name"])


def _show(  # two Formations, and how they are shown
    cluster: Cluster,
    before: Object | None,
    after: Object,
    output: str | None,
    *,
    several: bool = False,
    where: str = "as applied",
) -> bool:
    """Print the difference; return whether there is any."""
    name = after["metadata"]["name"]
    texts = [
        formats.as_yaml(differences.meant(each)).splitlines() if each else [] for each in (before, after)
    ]
    found = [*differences.lines(name, where, *texts)]
    if found and output:
        formats.write_object(after, output)
        return True
    for line in found:
        screen.write(screen.coloured(line, differences.colour(line)))
    if found:
        runs = before and revisions.running(cluster, before)
        for sentence in impact.impact(runs, after):
            click.echo(f"{name}: {sentence}" if several else sentence, err=True)
    return bool(found)
