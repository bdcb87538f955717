"""Show what the processes write, all in one stream."""

import click

from formation_cli import options
from formation_cli.cluster import formations
from formation_cli.cluster.port import Cluster, LogQuery
from formation_cli.commands import log_streams
from formation_cli.failures import again
from formation_cli.terminal import screen
from formation_cli.views import log_lines, pod_state
from formation_cli.words.values import DURATION

TAIL = 100


@click.command("logs", cls=options.Command)
@options.formation()
@options.types("The same as TYPE; may be repeated.", "[TYPE|PROCESS]...", everything=True)
@click.option(
    "-f",
    "--follow",
    is_flag=True,
    help="Follow the logs, also of new processes, until Ctrl-C or until the Formation is deleted.",
)
@click.option("--since", type=DURATION, help="Only lines newer than 90s, 10m, 1h or 1d, and all of these.")
@click.option("-p", "--previous", is_flag=True, help="The log before the last restart, or the last crash.")
@click.option("--tail", type=int, help=f"The last lines of each process; -1 for all. [default: {TAIL}]")
@click.option("--timestamps", is_flag=True, help="Begin each line with its time.")
@options.pass_cluster
def command(
    cluster: Cluster,
    name: str,
    types: tuple[str, ...],
    since: float | None,
    tail: int | None,
    *,
    follow: bool,
    previous: bool,
    timestamps: bool,
) -> None:
    """Show the logs of the processes, in one stream; each line names its process.

    The logs of the release command, of schedules, of `run`, and of Jobs whose Pods have the label
    formations.dev/formation=NAME are included. TYPE may be a schedule, run for one-off processes, or release.

    Examples:
      logs shop
      logs shop -f
      logs shop worker clock --since 10m
      logs shop release   # what the release command wrote
      logs shop nightly-report   # what the runs of a schedule wrote that are kept
      logs shop worker.x7k2p   # one process, as `logs` and `ps` name it
      logs shop web --previous   # what crashed processes wrote
      logs shop --tail=-1 --timestamps > shop.log
    """
    if follow and previous:
        sentence = "A process that has ended writes nothing more: leave out one of --follow and --previous."
        raise click.UsageError(sentence)
    formation = formations.find(cluster, name)
    known = formations.everything(formation)
    chosen = log_streams.of_types(types) if types else log_streams.of_any_type
    query = _query(since, tail, follow=follow, previous=previous)
    found = [each for each in formations.pods(cluster, name) if chosen(each)]
    there = (word for word in types if any(log_lines.is_named(each, word) for each in found))
    formations.chosen(formation, types, [*known, *there])
    shown = {*types, *(log_lines.source(each).type for each in found)} if types else {*known}
    writer = screen.Writer([each for each in known if each in shown], timestamps=timestamps)
    sources = [log_lines.source(each) for each in found if pod_state.has_started(each)]
    waiting = {log_lines.source(each) for each in found if pod_state.is_waiting(each)}
    if not sources:
        declared = not types or {*types} & {*formations.types(formation)}  # `ps` has a line for each of these
        why = f": {again(f'ps {name}')} says why" if declared else f", or is kept, of {', '.join(types)}"
        click.echo(f"No process has started{why}.", err=True)
    lines = (
        log_streams.Following(cluster, query, chosen).lines(name)
        if follow
        else log_streams.past(cluster, sources, query, waiting)
    )
    silent = True
    for line in lines:
        writer.write(line)
        silent = False
    if previous and sources and silent:
        click.echo("None of these processes was restarted.", err=True)


def _query(since: float | None, tail: int | None, *, follow: bool, previous: bool) -> LogQuery:
    if tail is None:
        tail = TAIL if since is None else -1
    return LogQuery(
        container="",
        follow=follow,
        previous=previous,
        since_seconds=None if since is None else max(1, int(since)),
        tail=None if tail < 0 else tail,
        timestamps=True,
    )
