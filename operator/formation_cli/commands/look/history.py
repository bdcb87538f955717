"""Show the revisions of a Formation, or the content of one."""

import time
from typing import Any

import click

from formation_cli import options
from formation_cli.changes import revisions as changes
from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster
from formation_cli.commands import revisions
from formation_cli.failures import again
from formation_cli.terminal import formats, screen
from formation_cli.views import history


@click.command("history", cls=options.Command)
@options.formation()
@click.argument("revision", required=False)
@options.output("json", "yaml", "name")
@options.pass_cluster
def command(cluster: Cluster, name: str, revision: str | None, output: str | None) -> None:
    """List the revisions of a Formation, and what each changed. The latest is last.

    AGE is the time since a revision was last rolled out. CHANGE shows the difference from the revision above.
    STATE is Runs (this revision was rolled out last), Ran (this revision ran well earlier), Kept (this
    revision isn't known to have run well), Not rolled out (its release hasn't succeeded) or Foreign (this
    object isn't a revision of the Formation).

    The declared revision is On trial while its canaries have to stay ready, and Failed as canary if one of
    them has failed. A revision that is Not rolled out has no number, and neither has a revision that an
    earlier Formation of this name left behind. To name a revision without a number, use the beginning of its
    digest.

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
        click.echo(f"What {name} declares now isn't rolled out yet: {again(f'ps {name}')}", err=True)
