"""Go back to a revision."""

import click

from formation_cli import options
from formation_cli.cluster.port import Cluster
from formation_cli.commands import going_back, revisions, waiting, writing
from formation_cli.failures import TimedOut, again
from formation_cli.options import How


@click.command("rollback", cls=options.Command)
@options.formation()
@options.word(
    "revision",
    "--to",
    "The same as REVISION.",
    metavar="[REVISION]",
    shell_complete=revisions.complete_way_back,
)
@options.change()
def command(cluster: Cluster, name: str, revision: str | None, how: How) -> None:
    """Go back to a revision: its images, commands, variables, types and schedules, in one write.

    Counts stay as they are today, and so do suspend, paused, revisionHistoryLimit and disruption budgets.
    Without REVISION it is the latest other that has run well for a minute, so that newer ones may be passed
    over, which `history` calls Kept. If there is none, nothing is changed. It is a deploy, and gets the next
    number. Refused where a ConfigMap or a Secret that the revision needs is gone.

    Examples:
      rollback shop --wait        # to what ran well before
      rollback shop 7 --dry-run   # says what that changes, and which types restart
      rollback shop 7 --wait
      rollback shop 3f2a91c       # to one without a number
    """
    done = going_back.go_back(
        cluster, name, lambda found: revisions.find(cluster, found, revision), dry_run=how.dry_run
    )
    writing.report(done.before, done.after, how, done.sentence)
    going_back.advise(cluster, done)
    try:
        if how.waits:
            waiting.wait(cluster, done.after, how.timeout)
    except (waiting.NotReady, TimedOut) as failure:
        failure.also(f"Other revisions: {again(f'history {name}')}")
        raise
