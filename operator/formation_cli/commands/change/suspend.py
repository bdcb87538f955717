"""Stop a Formation, and start it again with the counts that it had."""

import click

from formation_cli import cluster_options, options
from formation_cli.changes import patches
from formation_cli.cluster.port import Cluster
from formation_cli.commands import waiting, writing
from formation_cli.commands.change import ending
from formation_cli.failures import Mistyped, again
from formation_cli.options import How

NOTHING = "Nothing was stopped."


def _check_names(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Return the processes that are named; raises `click.BadParameter` where a shell's variable was empty.

    Unquoted, it leaves the option with the word behind it.
    """
    for each in value:
        if not each.strip() or each.startswith("-"):
            raise click.BadParameter(f"{each!r} names no process. {NOTHING}", ctx, param)
    return value


def _instead(name: str, word: str) -> str:
    one, type_ = again(f"stop {name} --process {word or 'PROCESS'}"), again(f"scale {name} TYPE=0")
    return f"{one} ends a process of `run` or of a schedule; {type_} stops a type."


@click.command("stop", cls=options.Command)
@options.formation()
@click.argument("extra", nargs=-1, metavar="")
@click.option(
    "--process",
    "processes",
    multiple=True,
    metavar="PROCESS",
    callback=_check_names,
    shell_complete=cluster_options.processes(ending.is_ours),
    help="Only this process that runs once, with its name in `ps` or `logs`; may be repeated.",
)
@options.change("Wait until all have ended.")
def stop(cluster: Cluster, name: str, extra: tuple[str, ...], processes: tuple[str, ...], how: How) -> None:
    """Stop all processes; the counts are kept for `start`. It sets spec.suspend, and deploys keep it.

    With --process, end only what `run`, a schedule or the release of an earlier deploy has started, and
    delete its Job.

    Examples:
      stop shop
      stop shop --wait
      stop shop --process run.x7k2p            # ends what `run` has started, and nothing else
      stop shop --process nightly-report.x7k2p # a run of a schedule
    """
    if extra:
        raise Mistyped(f"{extra[0]!r} is a word too many. {NOTHING}", hint=_instead(name, extra[0]))
    if processes:
        ending.end(cluster, name, processes, how)
    else:
        _suspend(cluster, name, how, suspended=True)


@click.command("start", cls=options.Command)
@options.formation()
@options.change()
def start(cluster: Cluster, name: str, how: How) -> None:
    """Start what `stop` has stopped, with the same counts.

    Examples:
      start shop
      start shop --wait
    """
    _suspend(cluster, name, how, suspended=False)


def _suspend(cluster: Cluster, name: str, how: How, *, suspended: bool) -> None:
    before, after = writing.change(
        cluster, name, lambda found: patches.suspend(found, suspended=suspended), dry_run=how.dry_run
    )
    same = ", as it was" if before is after else ""
    writing.report(before, after, how, f"{name}: {'stopped' if suspended else 'started'}{same}")
    if how.waits:
        waiting.wait(cluster, after, how.timeout, stopped=suspended)
