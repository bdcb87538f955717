"""Show what the processes write, all in one stream."""

from collections.abc import Sequence

import click

from formation_cli import options
from formation_cli.cluster import formations
from formation_cli.cluster.port import Cluster, LogQuery, Object
from formation_cli.commands import log_streams
from formation_cli.failures import again
from formation_cli.terminal import screen
from formation_cli.views import log_lines, pod_state
from formation_cli.words.values import DURATION

TAIL = 100
FOLLOW = "Follow the logs of present and new processes, until Ctrl-C or until the Formation is deleted."


@click.command("logs", cls=options.Command)
@options.formation()
@options.types("The same as TYPE. Can be repeated.", "[TYPE|PROCESS]...", everything=True)
@click.option("-f", "--follow", is_flag=True, help=FOLLOW)
@click.option("--since", type=DURATION, help="Show all lines newer than a duration like 90s, 10m or 1d.")
@click.option("-p", "--previous", is_flag=True, help="Show the log before the last restart or crash.")
@click.option("--tail", type=int, help=f"The number of lines per process; -1 shows all. [default: {TAIL}]")
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
    """Show the logs of all processes in one stream. Each line names its process.

    The stream includes the logs of the release command, of schedules, of `run`, and of other Jobs whose Pods
    have the label formations.dev/formation=NAME. TYPE is a process type, a schedule, `run` for one-off
    processes, or `release`. The logs of a type include those of its canary, whose lines begin with
    TYPE-canary.

    Examples:
      logs shop
      logs shop -f
      logs shop worker clock --since 10m
      logs shop release   # the log of the release command
      logs shop nightly-report   # the logs of a schedule's kept runs
      logs shop worker.x7k2p   # one process, as `logs` and `ps` name it
      logs shop web --previous   # the logs of crashed processes
      logs shop --tail=-1 --timestamps > shop.log
    """
    if follow and previous:
        sentence = "A process that has ended writes nothing more: leave out one of --follow and --previous."
        raise click.UsageError(sentence)
    formation = formations.find(cluster, name)
    chosen = log_streams.of_types(types) if types else log_streams.of_any_type
    pods = [each for each in formations.pods(cluster, name) if chosen(each)]
    writer = _writer(formation, types, pods, timestamps=timestamps)
    started = [*filter(pod_state.has_started, pods)]
    if not started:
        click.echo(_nothing(formation, types), err=True)
    query = _query(since, tail, follow=follow, previous=previous)
    if follow:
        lines = log_streams.Following(cluster, query, chosen).lines(name)
    else:
        waiting = {*map(log_lines.source, filter(pod_state.is_waiting, pods))}
        lines = log_streams.past(cluster, map(log_lines.source, started), query, waiting)
    silent = True
    for line in lines:
        writer.write(line)
        silent = False
    if previous and started and silent:
        click.echo("None of these processes was restarted.", err=True)


def _writer(
    formation: Object, types: Sequence[str], pods: list[Object], *, timestamps: bool
) -> screen.Writer:
    """Return what writes the lines of these Pods; raises `Mistyped` for a type that there isn't."""
    known = [*dict.fromkeys([*formations.everything(formation), *map(pod_state.process_type, pods)])]
    there = (word for word in types if any(log_lines.is_named(each, word) for each in pods))
    formations.chosen(formation, types, [*known, *there])
    shown = {*types, *map(pod_state.process_type, pods)} if types else {*known}
    return screen.Writer([each for each in known if each in shown], timestamps=timestamps)


def _nothing(formation: Object, types: Sequence[str]) -> str:
    """Return that no process has a log, and what says why: `ps` has a line for each type."""
    if types and not {*types} & {*formations.types(formation)}:
        return f"No process has started, or is kept, of {', '.join(types)}."
    name = formation["metadata"]["name"]
    return f"No process has started: {again(f'ps {name}')} says why."


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
