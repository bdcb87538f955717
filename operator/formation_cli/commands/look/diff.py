"""Show what a manifest or a revision would change."""

import contextlib
import difflib
import json
from collections.abc import Iterator
from typing import Any

import click

from formation_cli import options
from formation_cli.changes import impact
from formation_cli.changes import revisions as changes
from formation_cli.cluster import formations, kubectl
from formation_cli.cluster.port import Cluster
from formation_cli.commands import revisions
from formation_cli.failures import FAILED, Failure, Mistyped
from formation_cli.objects import Object
from formation_cli.terminal import formats, screen
from formation_cli.views import history
from formation_operator.api import naming

DIFFERENT = FAILED
"""As with `kubectl diff`; a failure has another code."""


@contextlib.contextmanager
def _no_difference() -> Iterator[None]:
    """Tell a failure apart from a difference, by its exit code."""
    try:
        yield
    except Failure as failure:
        if failure.exit_code != DIFFERENT:
            raise
        raise Mistyped(failure.message, hint=failure.hint) from failure


@click.command("diff", cls=options.Command)
@options.formation(required=False)
@options.revision("--revision")
@options.filename()
@options.output("name", text="Print only the names of the Formations that would change.")
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
) -> None:
    """Show what `kubectl apply -f` would change in Formations, and which processes would restart.

    With NAME and REVISION, `diff` shows what `rollback` would change. REVISION is a number, or the beginning
    of a digest, as `history` shows it. `diff` exits with code 0 if nothing would change, with 1 if something
    would change, and with a higher code if it fails.

    Examples:
      diff -f shop.yaml
      diff -f - < shop.yaml
      diff -f shop.yaml -o name   # prints the Formations that would change
      diff shop 7                 # what `rollback shop 7` would change
    """
    if filename is not None and name is None and revision is None:
        changed = _of_manifest(cluster, filename, output)
    elif name is not None and revision is not None and filename is None:
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


def _of_manifest(cluster: Cluster, filename: str, output: str | None) -> bool:
    applied, ours = _applied(cluster, filename), (naming.API_VERSION, naming.KIND)
    found = [each for each in applied if (each["apiVersion"], each["kind"]) == ours]
    if not found:
        raise Mistyped(f"There is no Formation in {filename}.")
    several = len(found) > 1
    before = [cluster.get(naming.KIND, each["metadata"]["name"]) for each in found]
    changed = [_show(cluster, *pair, output, several=several) for pair in zip(before, found, strict=True)]
    return any(changed)


def _applied(cluster: Cluster, filename: str) -> list[Object]:
    """Return the objects of a manifest as they would be: only kubectl knows how it merges."""
    done = kubectl.run(cluster, "apply", "--dry-run=server", "--output=json", f"--filename={filename}")
    if done.returncode:
        cluster.get(naming.KIND, "any")  # that it can't be asked has words and a code of its own
        raise Mistyped(f"{filename} can't be applied. kubectl says:\n{kubectl.printable(done.stderr)}")
    answer: Any = json.loads(done.stdout)
    return list(answer["items"]) if answer["kind"] == "List" else [answer]


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
    old, new = (formats.as_yaml(_meant(each)).splitlines() if each else [] for each in (before, after))
    found = [*difflib.unified_diff(old, new, f"{name} in the cluster", f"{name} {where}", lineterm="")]
    if found and output:
        formats.write_object(after, output)
        return True
    for line in found:
        screen.write(screen.coloured(line, COLOURS.get(line[:1], "")))
    if found:
        runs = before and revisions.running(cluster, before)
        for sentence in impact.impact(runs, after):
            click.echo(f"{name}: {sentence}" if several else sentence, err=True)
    return bool(found)


BOOKKEEPING = "kubectl.kubernetes.io/last-applied-configuration"
COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def _meant(formation: Object) -> Object:
    """Return the part of an object that people write, with its keys in one order."""
    metadata = formation["metadata"]
    annotations = {
        key: value for key, value in (metadata.get("annotations") or {}).items() if key != BOOKKEEPING
    }
    about = {"labels": metadata.get("labels") or {}, "annotations": annotations}
    meant = {"metadata": {key: value for key, value in about.items() if value}, "spec": formation["spec"]}
    return dict(json.loads(json.dumps(meant, sort_keys=True)))
