"""Go back to a revision."""

import click

from formation_cli import options
from formation_cli.cluster.port import Cluster
from formation_cli.commands import going_back, revisions, waiting, writing
from formation_cli.failures import TimedOut, again
from formation_cli.options import Wait


@click.command(
    "rollback",
    cls=options.Command,
    examples=(
        "rollback shop --wait             # to what ran well before",
        "rollback shop --to 7 --dry-run   # says what that changes, and which types restart",
        "rollback shop --to 7 --wait",
        "rollback shop --to 3f2a91c       # to one without a number",
    ),
)
@options.formation()
@click.option(
    "--to",
    "revision",
    metavar="REVISION",
    shell_complete=revisions.complete_way_back,
    help="The revision as `history` calls it; without it, the latest other one that ran well.",
)
@options.dry_run()
@options.wait()
@options.written()
@options.pass_cluster
def command(
    cluster: Cluster, name: str, revision: str | None, output: str | None, wait: Wait, *, dry_run: bool
) -> None:
    """Go back to a revision: its images, commands, variables and types, in one write of the Formation.

    Counts stay as they are today, and so do suspend, paused, revisionHistoryLimit and disruption budgets.
    Without --to it is the latest other that is known to have run well, and if none is, nothing is changed.
    It is a deploy, and gets the next number. Refused where a ConfigMap or a Secret that the
    revision needs is gone.
    """
    done = going_back.go_back(
        cluster, name, lambda found: revisions.find(cluster, found, revision), dry_run=dry_run
    )
    writing.report(done.after, output, done.sentence + (" (dry run)" if dry_run else ""))
    going_back.advise(cluster, done)
    if not wait.wanted or dry_run:
        return
    try:
        waiting.wait(cluster, done.after, wait.timeout)
    except (waiting.NotReady, TimedOut) as failure:
        failure.also(f"Other revisions: {again(f'history {name}')}")
        raise
