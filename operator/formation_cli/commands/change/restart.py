"""Start processes anew."""

import datetime

import click

from formation_cli import options
from formation_cli.changes import restarts
from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster
from formation_cli.commands import waiting
from formation_cli.options import Wait
from formation_cli.terminal import formats, screen
from formation_operator.api import naming


@click.command(
    "restart",
    cls=options.Command,
    examples=("restart shop", "restart shop worker clock", "restart shop web --wait"),
)
@options.formation()
@options.types()
@options.wait()
@options.written()
@options.pass_cluster
def command(cluster: Cluster, name: str, types: tuple[str, ...], output: str | None, wait: Wait) -> None:
    """Start the processes of some types anew, or of all, as a deploy does: old ones go when new ones serve.

    It is what `kubectl rollout restart` does to the Deployments.
    """
    formation = formations.find(cluster, name)
    chosen = formations.chosen(formation, types)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    restarted = []
    for each in chosen:
        restarted.append(cluster.patch(kinds.DEPLOYMENT, naming.child(name, each), restarts.patch(now)))
        if not output:
            screen.write(f"{each}: restarting")
    if output:
        formats.write_objects(restarted, output)
    if wait.wanted:
        waiting.wait(cluster, formation, wait.timeout, restarted)
