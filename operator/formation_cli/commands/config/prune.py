"""Delete the Secrets of a Formation that nothing names any more."""

import datetime

import click

from formation_cli import options
from formation_cli.changes import config_secrets
from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import asking
from formation_cli.failures import Mistyped
from formation_cli.terminal import screen
from formation_operator.api import naming
from formation_operator.kube.objects import lenient

HOLDERS = (
    naming.KIND,
    kinds.DEPLOYMENT,
    kinds.REPLICA_SET,
    kinds.CRON_JOB,
    kinds.JOB,
    kinds.POD,
    kinds.CONTROLLER_REVISION,
)
"""The kinds whose objects count as naming a Secret, whoever made them: anything of the namespace may.

A Pod of the version before needs its Secret whenever it starts anew, and a ReplicaSet makes such Pods. A
revision needs it if somebody goes back to it.
"""
FRESH = 60.0
"""Seconds for which a Secret is left alone: whoever has just made it is about to name it."""


@click.command("prune", cls=options.Command, short_help="Delete the Secrets that are no longer used")
@options.formation()
@click.option("-y", "--yes", is_flag=True, help="Delete the Secrets without asking.")
@options.dry_run()
@options.pass_cluster
def command(cluster: Cluster, name: str, *, yes: bool, dry_run: bool) -> None:
    """Delete the Secrets that `config` made for a Formation and that are no longer used.

    A Secret is used if a Formation, revision, Deployment, ReplicaSet, CronJob, Job or Pod of the namespace
    names it. The manifest of the last `kubectl apply` counts, too. A ReplicaSet with 0 replicas doesn't
    count.

    Examples:
      config prune shop
      config prune shop --yes
      config prune shop --dry-run
    """
    names, fresh = find(cluster, formations.find(cluster, name))
    for each in fresh:
        click.echo(f"Secret {each} was made a moment ago, so it is left for now.", err=True)
    if not names:
        click.echo("There is no Secret to delete.", err=True)
        return
    if not (yes or dry_run):
        _ask(names)
        names = [each for each in find(cluster, formations.find(cluster, name))[0] if each in names]
    for each in names:
        cluster.delete(kinds.SECRET, each, dry_run=dry_run)
        screen.write(f"Secret {each}: deleted{' (dry run)' if dry_run else ''}")


def _ask(names: list[str]) -> None:
    """Return if they may be deleted; raises `Mistyped` where nobody can be asked."""
    listed = "\n".join(f"Secret {each}" for each in names)
    nobody = Mistyped(f"No longer used: {', '.join(names)}.", hint="Add --yes to delete.")
    asking.confirm(f"{listed}\nDelete?", nobody)


def find(cluster: Cluster, formation: Object) -> tuple[list[str], list[str]]:
    """Return the names of a Formation's Secrets that nothing names: those that may go, and quite new ones."""
    secrets, _, now = cluster.select(kinds.SECRET, labels=config_secrets.selector(formation))
    if not config_secrets.unnamed(secrets, formation, ()):
        return [], []
    holders = (each for kind in HOLDERS for each in cluster.select(kind).items if not _is_over(kind, each))
    names = config_secrets.unnamed(secrets, formation, holders)
    fresh = {each["metadata"]["name"] for each in secrets if now - _made(each) < FRESH}
    return [each for each in names if each not in fresh], [each for each in names if each in fresh]


def _is_over(kind: str, each: Object) -> bool:
    """Tell whether an object starts nothing any more: the operator brings back no older ReplicaSet."""
    return kind == kinds.REPLICA_SET and lenient.mapping(each, "spec").get("replicas") == 0


def _made(secret: Object) -> float:
    """Return when an object was made, by the server's clock, as its answers are."""
    return datetime.datetime.fromisoformat(secret["metadata"]["creationTimestamp"]).timestamp()
