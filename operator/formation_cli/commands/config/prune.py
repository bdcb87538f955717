"""Delete the Secrets of a Formation that nothing names any more."""

import click

from formation_cli import options
from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster
from formation_cli.commands import asking
from formation_cli.commands.config import stale
from formation_cli.failures import Mistyped
from formation_cli.terminal import screen


@click.command("prune", cls=options.Command, short_help="Delete the Secrets that are no longer used")
@options.formation()
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@options.dry_run()
@options.pass_cluster
def command(cluster: Cluster, name: str, *, yes: bool, dry_run: bool) -> None:
    """Delete the Secrets that `config` made for a Formation and that are no longer used.

    Each Formation, revision, Deployment, ReplicaSet, CronJob, Job and Pod of the namespace can use one. So
    can the manifest of the last `kubectl apply`. A ReplicaSet whose count is 0 uses none.

    Examples:
      config prune shop
      config prune shop --yes
      config prune shop --dry-run
    """
    names, fresh = stale.find(cluster, formations.find(cluster, name))
    for each in fresh:
        click.echo(f"Secret {each} was made a moment ago, so it is left for now.", err=True)
    if not names:
        click.echo("There is no Secret to delete.", err=True)
        return
    if not (yes or dry_run):
        _ask(names)
        names = [each for each in stale.find(cluster, formations.find(cluster, name))[0] if each in names]
    for each in names:
        cluster.delete(kinds.SECRET, each, dry_run=dry_run)
        screen.write(f"Secret {each}: deleted{' (dry run)' if dry_run else ''}")


def _ask(names: list[str]) -> None:
    """Return if they may be deleted; raises `Mistyped` where nobody can be asked."""
    listed = "\n".join(f"Secret {each}" for each in names)
    nobody = Mistyped(f"Nothing names {', '.join(names)}.", hint="Add --yes to delete that.")
    asking.confirm(f"{listed}\nDelete?", nobody)
