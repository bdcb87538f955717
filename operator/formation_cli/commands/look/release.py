"""Show how far the release command of a Formation is, and what it writes."""

import time

import click

from formation_cli import options
from formation_cli.cluster import follow, formations, kinds
from formation_cli.cluster.port import Cluster, LogQuery, Object
from formation_cli.commands import log_streams
from formation_cli.commands import releases as others
from formation_cli.commands.look.logs import TAIL
from formation_cli.failures import Failure, pasted
from formation_cli.objects import JOB_LABEL
from formation_cli.terminal import formats, screen
from formation_cli.views import log_lines, pod_state, releases
from formation_operator.api import naming
from formation_operator.api.reasons import ReleaseState

TICK = 1.0


@click.command("release", cls=options.Command)
@options.formation()
@click.option("-f", "--follow", "goes_on", is_flag=True, help="Follow the log until the command ends.")
@click.option("--retry", is_flag=True, help="Run a failed command again, by deleting its Job.")
@options.output("json", "yaml", "name", text="Print status.release or the Job's name, for programs.")
@options.pass_cluster
def command(cluster: Cluster, name: str, output: str | None, *, goes_on: bool, retry: bool) -> None:
    """Show the state of the release command, and the last 100 lines of its log.

    The release command runs before a deploy changes any process. `logs NAME release --tail=-1` shows its
    whole log. `release` exits with code 0 even if the release command has failed. In that case, `deploy
    --wait` exits with code 1.

    Examples:
      release shop
      release shop -f        # until the command ends
      release shop --retry   # runs a failed command again
      release shop -o json
    """
    if output and (goes_on or retry):
        raise click.UsageError("--output shows the state: leave out --follow and --retry.")
    formation = formations.find(cluster, name)
    known = releases.status(formation)
    if not releases.is_declared(formation):
        click.echo(releases.NONE.format(name), err=True)
    for each in others.beside(cluster, formation):
        click.echo(each, err=True)
    if retry:
        _retry(cluster, formation)
        if goes_on:
            _follow(cluster, name, known)
    elif output:
        jobs = [f"job.batch/{known['job']}"] if known.get("job") else []
        formats.write(jobs if output == "name" else known, output)
    elif releases.is_declared(formation):
        screen.write(pasted(releases.sentence(formation, time.time())))
        if goes_on and not releases.is_over(formation):
            _follow(cluster, name, {})
        elif known.get("job"):
            _show(cluster, known["job"])


def _retry(cluster: Cluster, formation: Object) -> None:
    """Have the operator make the Job anew; raises `Failure` unless its command has failed."""
    known, name = releases.status(formation), formation["metadata"]["name"]
    if known.get("state") != ReleaseState.FAILED or not known.get("job"):
        raise Failure(f"No release of {name} has failed. Nothing was changed.")
    job = cluster.get(kinds.JOB, known["job"])
    if job is not None and not releases.has_failed(job):  # a later try, which the status doesn't know yet
        raise Failure(f"Job {known['job']} hasn't failed. Nothing was changed.")
    cluster.delete(kinds.JOB, known["job"])
    screen.write(f"{name}: the release command runs again")


def _show(cluster: Cluster, job: str) -> None:
    found = cluster.select(kinds.POD, labels=f"{JOB_LABEL}={job}").items
    sources = [log_lines.source(each) for each in found if pod_state.has_started(each)]
    writer = screen.Writer([naming.RELEASE])
    for line in log_streams.past(cluster, sources, LogQuery("", tail=TAIL, timestamps=True)):
        writer.write(line)


def _follow(cluster: Cluster, name: str, before: Object) -> None:
    """Follow a release to its end; the status from ``before`` is that of another try."""
    subjects = [follow.formation(name), follow.pods(name, naming.RELEASE_LABEL)]
    log = others.Log(cluster)
    for objects in follow.snapshots(cluster, *subjects, tick=TICK):
        formation = follow.still_there(objects, name)
        if before and releases.status(formation) == before:
            continue
        over = releases.is_over(formation)
        log.show(releases.pods(formation, objects), last=over)
        if over:
            screen.write(pasted(releases.sentence(formation, time.time())))
            return
