"""Stop a Formation, and start it again with the counts that it had."""

import click

from formation_cli import options
from formation_cli.changes import git, patches
from formation_cli.cluster.port import Cluster
from formation_cli.commands import waiting, writing
from formation_cli.options import Wait


@click.command("stop", cls=options.Command, examples=("stop shop", "stop shop --wait"))
@options.formation()
@options.wait("Wait until all have ended.")
@options.written()
@options.pass_cluster
def stop(cluster: Cluster, name: str, output: str | None, wait: Wait) -> None:
    """Stop all processes; the counts are kept for `start`. It sets spec.suspend, which outlives deploys."""
    _suspend(cluster, name, output, wait, suspended=True)


@click.command("start", cls=options.Command, examples=("start shop", "start shop --wait"))
@options.formation()
@options.wait()
@options.written()
@options.pass_cluster
def start(cluster: Cluster, name: str, output: str | None, wait: Wait) -> None:
    """Start what `stop` has stopped, with the counts from before."""
    _suspend(cluster, name, output, wait, suspended=False)


def _suspend(cluster: Cluster, name: str, output: str | None, wait: Wait, *, suspended: bool) -> None:
    before, after = writing.change(cluster, name, lambda found: patches.suspend(found, suspended=suspended))
    word = "stopped" if suspended else "started"
    writing.report(after, output, f"{name}: {word}" + (", as it was" if before is after else ""))
    writing.advise(git.hint(before, [patches.SUSPEND]))
    if wait.wanted:
        waiting.wait(cluster, after, wait.timeout)
