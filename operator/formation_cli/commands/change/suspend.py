"""Stop a Formation, and start it again with the counts that it had."""

import click

from formation_cli import options
from formation_cli.changes import git, patches
from formation_cli.cluster.port import Cluster
from formation_cli.commands import waiting, writing
from formation_cli.commands.change import ending
from formation_cli.options import Wait


@click.command(
    "stop",
    cls=options.Command,
    examples=("stop shop", "stop shop --wait", "stop shop run.x7k2p   # ends what `run` has started"),
)
@options.formation()
@click.argument("one_offs", nargs=-1, metavar="[ONE_OFF]...", shell_complete=options.complete_process)
@options.dry_run()
@options.wait("Wait until all have ended.")
@options.written()
@options.pass_cluster
def stop(
    cluster: Cluster, name: str, one_offs: tuple[str, ...], output: str | None, wait: Wait, *, dry_run: bool
) -> None:
    """Stop all processes; the counts are kept for `start`. It sets spec.suspend, and deploys keep it.

    With names of processes of `run`, as `ps` and `logs` show them, end only these and delete their Jobs.
    """
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
