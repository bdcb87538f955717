"""Start processes anew."""

import datetime

import click

from formation_cli import options
from formation_cli.changes import restarts
from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import waiting
from formation_cli.failures import NotFound
from formation_cli.options import Wait
from formation_cli.terminal import formats, screen
from formation_operator.api import naming


@click.command(
    "restart",
    cls=options.Command,
    examples=("restart shop", "restart shop worker clock", "restart shop web --wait"),
)
@options.formation()
@options.types("The same as TYPE; may be repeated.")
@options.dry_run()
@options.wait()
@options.written()
@options.pass_cluster
def command(
    cluster: Cluster, name: str, types: tuple[str, ...], output: str | None, wait: Wait, *, dry_run: bool
) -> None:
    """Start the processes of some types anew, or of all, as a deploy does: old ones go when new ones serve.

    It is what `kubectl rollout restart` does to the Deployments.
    """
    formation = formations.find(cluster, name)
    chosen = formations.chosen(formation, types)
    patch = restarts.patch(datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"))
    restarted: list[Object] = []
    try:
        for each in chosen:
            restarted.append(_restart(cluster, name, each, patch, dry_run=dry_run))
            if not output:
                screen.write(f"{each}: restarting" + (" (dry run)" if dry_run else ""))
    finally:  # what was done is told, whatever comes of the next one
        if output:
            formats.write_objects(restarted, output)
    if wait.wanted and not dry_run:
        waiting.wait(cluster, formation, wait.timeout, chosen, restarted=restarted)


def _restart(cluster: Cluster, name: str, type_: str, patch: Object, *, dry_run: bool) -> Object:
    try:
        return cluster.patch(kinds.DEPLOYMENT, naming.child(name, type_), patch, dry_run=dry_run)
    except NotFound as failure:
        hint = f"The operator hasn't made it: kubectl formation ps {name}"
        raise NotFound(failure.message, hint=hint) from failure
