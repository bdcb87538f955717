"""Show the deploys of a Formation, or the content of a revision."""

import time
from typing import Any

import click

from formation_cli import cluster_options, options
from formation_cli.changes import revisions as changes
from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster
from formation_cli.commands import revisions
from formation_cli.failures import again
from formation_cli.terminal import formats, screen
from formation_cli.views import history


@click.command("history", cls=options.Command)
@options.formation()
@click.argument("revision", required=False, shell_complete=cluster_options.REVISION)
@options.output("json", "yaml", "name")
@options.pass_cluster
def command(cluster: Cluster, name: str, revision: str | None, output: str | None) -> None:
    """List the deploys of a Formation: what each changed, and how it ended. The latest is last.

    A deploy of an earlier content gets a number of its own, and all its numbers name the same revision. AGE
    is the time since the deploy began. BY is the user who changed the content, where a policy has written
    the name, or else the field manager, if that is known. CHANGE shows the difference from the numbered
    deploy above. NOTE is the annotation `kubernetes.io/change-cause` that the Formation had, which
    `deploy --note` sets.

    STATE is Runs (this deploy was rolled out last), Ran (this deploy ran well), Failed (a process crashed
    before this deploy ran well, and it didn't run well later), Kept (this deploy isn't known to have run
    well), Failed as canary, Not rolled out (its release or its canaries haven't succeeded) or Foreign (this
    object isn't a revision of the Formation). The declared revision is On trial while its canaries have to
    stay ready.

    A deploy that wasn't rolled out has no number, and neither has a revision that an earlier Formation of
    this name left behind. To name a revision without a number, use the beginning of its digest.

    With REVISION, `history` prints the spec of that revision, without counts and other fields that no deploy
    changes.

    Examples:
      history shop
      history shop 7   # the spec of revision 7
      history shop 7 -o json
      history shop 3f2a91c   # a revision without a number
      history shop -o json
    """
    formation = formations.find(cluster, name)
    if revision is not None:
        found = [revisions.find(cluster, formation, revision)]
        value: Any = found[0].content
    else:
        found = revisions.read(cluster, formation)
        lines = history.lines(found, changes.current(formation)[0])
        value = [each.json() for each in lines]
    if output == "name":
        kind = f"{kinds.CONTROLLER_REVISION.lower()}.apps"
        formats.write([f"{kind}/{each.name}" for each in found if each.since and not each.flaw], output)
    elif output or revision is not None:
        formats.write(value, output or "yaml")
    elif lines:
        screen.write_table(history.table(lines, time.time()))
    if not found:
        click.echo(f"{name} has no revision. {revisions.NONE.format(name)}", err=True)
    elif revision is None and not changes.of(formation).number:
        click.echo(f"The present spec of {name} isn't rolled out yet: {again(f'ps {name}')}", err=True)
