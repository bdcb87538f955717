"""Show what happened to a Formation and to all that it made."""

import time

import click

from formation_cli import options
from formation_cli.cluster import formations, kinds
from formation_cli.cluster.follow import Subject
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import live
from formation_cli.terminal import formats, screen
from formation_cli.views import happenings
from formation_operator.api import naming


@click.command(
    "events", cls=options.Command, examples=("events shop", "events shop --watch", "events shop -o json")
)
@options.formation()
@click.option("-w", "--watch", is_flag=True, help="Go on, until Ctrl-C.")
@options.output("json", "yaml")
@options.pass_cluster
def command(cluster: Cluster, name: str, output: str | None, *, watch: bool) -> None:
    """Show what happened to a Formation, its Deployments, processes and autoscalers; the latest is last."""
    options.check_watch(output, watch=watch)
    types = {*formations.types(formations.find(cluster, name))}

    def chosen(objects: list[Object]) -> list[Object]:
        for each in objects:
            types.update(formations.types(each))  # those that come meanwhile; what goes has Events, too
        found = (each for each in objects if happenings.concerns(each, name, types))
        return sorted(found, key=happenings.moment)

    if watch:
        subjects = [Subject(naming.KIND, fields=f"metadata.name={name}"), Subject(kinds.EVENT)]
        live.show(cluster, subjects, lambda objects: happenings.table(chosen(objects), time.time()))
        return
    found = chosen(cluster.select(kinds.EVENT).items)
    if output:
        formats.write_objects(found, output)
    elif found:
        screen.write_table(happenings.table(found, time.time()))
    else:
        click.echo("Nothing: the cluster forgets Events after an hour.", err=True)
