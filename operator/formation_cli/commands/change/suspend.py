"""Stop a Formation, and start it again with the counts that it had."""

import click

from formation_cli import options
from formation_cli.changes import git, patches
from formation_cli.cluster.port import Cluster
from formation_cli.commands import waiting, writing
from formation_cli.commands.change import ending
from formation_cli.failures import Mistyped, again
from formation_cli.options import Wait

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
    one_off, type_ = again(f"stop {name} --process {word or 'PROCESS'}"), again(f"scale {name} TYPE=0")
    return f"{one_off} ends a process of `run`; {type_} stops a type."


@click.command(
    "stop",
    cls=options.Command,
    examples=(
        "stop shop",
        "stop shop --wait",
        "stop shop --process run.x7k2p   # ends what `run` has started, and nothing else",
    ),
)
@options.formation()
@click.argument("extra", nargs=-1, metavar="")
@click.option(
    "--process",
    "one_offs",
    multiple=True,
    metavar="PROCESS",
    callback=_check_names,
    shell_complete=ending.complete,
    help="Only this process of `run`, with its name in `ps` or `logs`; may be repeated.",
)
@options.dry_run()
@options.wait("Wait until all have ended.")
@options.written()
@options.pass_cluster
def stop(
    cluster: Cluster,
    name: str,
    extra: tuple[str, ...],
    one_offs: tuple[str, ...],
    output: str | None,
    wait: Wait,
    *,
    dry_run: bool,
) -> None:
    """Stop all processes; the counts are kept for `start`. It sets spec.suspend, and deploys keep it.

    With --process, end only what `run` has started, and delete its Job.
    """
    if extra:
        raise Mistyped(f"{extra[0]!r} is a word too many. {NOTHING}", hint=_instead(name, extra[0]))
    if one_offs:
        ending.end(cluster, name, one_offs, output, wait, dry_run=dry_run)
        return
    _suspend(cluster, name, output, wait, suspended=True, dry_run=dry_run)


@click.command("start", cls=options.Command, examples=("start shop", "start shop --wait"))
@options.formation()
@options.dry_run()
@options.wait()
@options.written()
@options.pass_cluster
def start(cluster: Cluster, name: str, output: str | None, wait: Wait, *, dry_run: bool) -> None:
    """Start what `stop` has stopped, with the same counts."""
    _suspend(cluster, name, output, wait, suspended=False, dry_run=dry_run)


def _suspend(
    cluster: Cluster, name: str, output: str | None, wait: Wait, *, suspended: bool, dry_run: bool
) -> None:
    before, after = writing.change(
        cluster, name, lambda found: patches.suspend(found, suspended=suspended), dry_run=dry_run
    )
    word = "stopped" if suspended else "started"
    how = ", as it was" if before is after else " (dry run)" if dry_run else ""
    writing.report(after, output, f"{name}: {word}{how}")
    writing.advise(before, git.hint(before, [patches.SUSPEND]))
    if wait.wanted and not dry_run:
        waiting.wait(cluster, after, wait.timeout, stopped=suspended)
