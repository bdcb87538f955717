"""End processes of `run`, of which each has a Job of its own."""

from collections.abc import Iterable

import click

from formation_cli import options
from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import writing
from formation_cli.failures import Mistyped, NotFound, again
from formation_cli.naming import JOB_LABEL, ONE_OFF_LABEL
from formation_cli.options import Wait
from formation_cli.views import log_lines
from formation_operator.api import naming
from formation_operator.kube.objects import lenient


def end(
    cluster: Cluster, name: str, words: Iterable[str], output: str | None, wait: Wait, *, dry_run: bool
) -> None:
    """Delete the Jobs of processes; raises `Mistyped` before any is deleted if there isn't one of them."""
    if wait.wanted:
        raise click.UsageError("--wait is for a whole Formation: leave it out.")
    formations.find(cluster, name)
    labels = f"{naming.FORMATION_LABEL}={name},{ONE_OFF_LABEL}"
    pods = cluster.select(kinds.POD, labels=labels).items
    jobs = {_job(pods, name, each): each for each in words}  # one that is named twice is ended once
    for job, word in jobs.items():
        found = cluster.get(kinds.JOB, job)
        if found is None:
            raise NotFound(f"There is no Job {job} any more.")
        cluster.delete(kinds.JOB, job, dry_run=dry_run)
        writing.report(found, output, f"{word}: ended" + (" (dry run)" if dry_run else ""))


def _job(pods: Iterable[Object], name: str, word: str) -> str:
    for each in pods:
        job = lenient.text(lenient.mapping(each, "metadata", "labels"), JOB_LABEL)
        if job and (log_lines.is_named(each, word) or word.rpartition("/")[2] == job):
            return job
    lists, stops = again(f"ps {name} run"), again(f"scale {name} TYPE=0")
    hint = f"{lists} lists them; {stops} stops a type."
    raise Mistyped(f"{name} has no process of `run` with the name {word}.", hint=hint)


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the processes of `run` that begin so and haven't ended, but for those that are named already."""
    found = options.processes_of(ctx, lambda pod: ONE_OFF_LABEL in lenient.mapping(pod, "metadata", "labels"))
    given = ctx.params.get(param.name or "") or ()
    return [each for each in found if each.startswith(incomplete) and each not in given]
