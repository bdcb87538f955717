"""Stop a Formation or what runs once of it, and start it again with the counts that it had."""

from collections.abc import Iterable

import click

from formation_cli import options
from formation_cli.changes import patches
from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import releases as of_releases
from formation_cli.commands import waiting, writing
from formation_cli.failures import Mistyped, NotFound, again
from formation_cli.objects import JOB_LABEL, ONE_OFF_LABEL
from formation_cli.options import How
from formation_cli.terminal import formats, screen
from formation_cli.views import log_lines, releases
from formation_operator.api import naming
from formation_operator.kube.objects import lenient

NOTHING = "Nothing was stopped."
LABELS = (ONE_OFF_LABEL, naming.SCHEDULE_LABEL, naming.RELEASE_LABEL)


def _end(cluster: Cluster, name: str, words: Iterable[str], how: How) -> None:
    """Delete the Jobs of processes; raises `Mistyped` before any is deleted if there isn't one of them."""
    if how.wait:
        raise click.UsageError("--wait is for a whole Formation: leave it out.")
    formation = formations.find(cluster, name)
    pods = formations.pods(cluster, name)
    jobs = {_job(filter(is_ours, pods), name, each): each for each in words}  # each is ended once
    found = {job: _found(cluster, job, formation) for job in jobs}
    for job, word in jobs.items():
        cluster.delete(kinds.JOB, job, dry_run=how.dry_run)
        if how.output:
            formats.write_object(found[job], how.output)
        else:
            screen.write(how.said(f"{word}: ended"))


def is_ours(pod: Object) -> bool:
    """Tell whether a Pod is of a Job that may be ended."""
    labels = lenient.mapping(pod, "metadata", "labels")
    return JOB_LABEL in labels and any(each in labels for each in LABELS)


def _job(pods: Iterable[Object], name: str, word: str) -> str:
    for each in pods:
        job = lenient.text(lenient.mapping(each, "metadata", "labels"), JOB_LABEL)
        if log_lines.is_named(each, word) or word.rpartition("/")[2] == job:
            return job
    lists, stops = again(f"ps {name}"), again(f"scale {name} TYPE=0")
    hint = f"{lists} lists them; {stops} stops a type."
    raise Mistyped(f"{name} has no process of `run` or of a schedule with the name {word}.", hint=hint)


def _found(cluster: Cluster, name: str, formation: Object) -> Object:
    """Return a Job that may be deleted; raises `Mistyped` for one that the operator would make again."""
    job = cluster.get(kinds.JOB, name)
    if job is None:
        raise NotFound(f"There is no Job {name} any more.")
    released = naming.RELEASE_LABEL in lenient.mapping(job, "metadata", "labels")
    if released and not releases.is_of_another(job, formation):
        back = again(f"rollback {formation['metadata']['name']}")
        hint = f"Go back first: {back}"
        raise Mistyped("The operator would start this release again: the spec declares it.", hint=hint)
    return job


@click.command("stop", cls=options.Command)
@options.formation()
@click.argument("extra", nargs=-1, metavar="")
@options.processes("End only this one-off process, by its name in `ps` or `logs`.", is_ours)
@options.change("Wait until all processes have ended.")
def stop(cluster: Cluster, name: str, extra: tuple[str, ...], processes: tuple[str, ...], how: How) -> None:
    """Stop all processes, and keep their counts for `start`.

    `stop` sets spec.suspend, and deploys don't change that field. With --process, `stop` ends only a process
    of `run`, a run of a schedule, or the release of an earlier deploy. It deletes the Job of that process.

    Examples:
      stop shop
      stop shop --wait
      stop shop --process run.x7k2p            # ends this process of `run`
      stop shop --process nightly-report.x7k2p # ends this run of a schedule
    """
    if extra:
        hint = f"To end one process: {again(f'stop {name} --process {extra[0]}')}"
        raise Mistyped(f"{extra[0]!r} is a word too many. {NOTHING}", hint=hint)
    if processes:
        _end(cluster, name, processes, how)
    else:
        _suspend(cluster, name, how, suspended=True)


@click.command("start", cls=options.Command)
@options.formation()
@options.change()
def start(cluster: Cluster, name: str, how: How) -> None:
    """Start the processes that `stop` has stopped, with the same counts.

    Examples:
      start shop
      start shop --wait
    """
    _suspend(cluster, name, how, suspended=False)


def _suspend(cluster: Cluster, name: str, how: How, *, suspended: bool) -> None:
    def patch(found: Object) -> list[Object]:
        return patches.suspend(found, suspended=suspended)

    changed = writing.change(cluster, name, patch, dry_run=how.dry_run)
    same = "" if changed.is_written else ", as it was"
    writing.report(changed, how, f"{name}: {'stopped' if suspended else 'started'}{same}")
    if changed.is_written and not suspended:
        with waiting.standing(name, written=not how.dry_run):
            writing.advise(of_releases.skipped(cluster, *changed))
    if how.waits:
        waiting.wait(cluster, changed.after, how.timeout, stopped=suspended)
