"""Show what happened to a Formation and to all that it made."""

import time

import click

from formation_cli import options
from formation_cli.cluster import follow, formations, kinds
from formation_cli.cluster.follow import Subject
from formation_cli.cluster.port import Cluster, Object
from formation_cli.terminal import drawing, formats, screen
from formation_cli.views import happenings
from formation_cli.words.values import DURATION

TAIL = 100


@click.command("events", cls=options.Command)
@options.formation()
@options.types("The same as TYPE. Can be repeated.", everything=True)
@click.option("--since", type=DURATION, help="Show only Events newer than a duration like 90s or 1d.")
@click.option("--warnings", is_flag=True, help="Show only warnings.")
@click.option("--tail", type=int, default=TAIL, show_default=True, help="The number of Events; -1 shows all.")
@click.option("-w", "--watch", is_flag=True, help="Keep watching until Ctrl-C.")
@options.output("json", "yaml")
@options.pass_cluster
def command(
    cluster: Cluster,
    name: str,
    types: tuple[str, ...],
    since: float | None,
    tail: int,
    output: str | None,
    *,
    warnings: bool,
    watch: bool,
) -> None:
    """Show the Events of a Formation, its Deployments, processes and autoscalers. The latest is last.

    TYPE is a process type, a schedule, `run` for one-off processes, or `release`.

    Examples:
      events shop
      events shop worker --since 10m --warnings
      events shop --watch
      events shop --tail=-1 -o json
    """
    drawing.check_watch(output, watch=watch)
    formation = formations.find(cluster, name)
    known = {*formations.everything(formation)}
    formations.chosen(formation, types, known)
    begin = 0.0 if since is None else time.time() - since

    def chosen(objects: list[Object]) -> list[Object]:
        for each in objects:
            known.update(formations.everything(each))  # those that come meanwhile; what goes has Events, too
        found = (each for each in objects if happenings.concerns(each, name, known, types))
        kept = (each for each in found if not warnings or each.get("type") == "Warning")
        return sorted((each for each in kept if happenings.moment(each) >= begin), key=happenings.moment)

    if watch:
        subjects = [follow.formation(name), Subject(kinds.EVENT)]
        drawing.live(cluster, subjects, lambda objects: happenings.table(chosen(objects), time.time()))
        return
    every = chosen(cluster.select(kinds.EVENT).items)
    found = every if tail < 0 else every[max(0, len(every) - tail) :]
    if output:
        formats.write_objects(found, output)
    elif found:
        screen.write_table(happenings.table(found, time.time()))
    if len(found) < len(every):
        click.echo(f"These are the latest {len(found)} of {len(every)}: --tail=-1 shows all.", err=True)
    if not every:
        click.echo("Nothing: the cluster deletes Events after an hour.", err=True)
