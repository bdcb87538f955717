"""End what runs once: a process of `run`, a run of a schedule, the release of an earlier content."""

from collections.abc import Iterable

import click

from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.failures import Mistyped, NotFound, again
from formation_cli.naming import JOB_LABEL, ONE_OFF_LABEL
from formation_cli.options import How
from formation_cli.terminal import formats, screen
from formation_cli.views import log_lines, releases
from formation_operator.api import naming
from formation_operator.kube.objects import lenient

LABELS = (ONE_OFF_LABEL, naming.SCHEDULE_LABEL, naming.RELEASE_LABEL)


def end(cluster: Cluster, name: str, words: Iterable[str], how: How) -> None:
    """Delete the Jobs of processes; raises `Mistyped` before any is deleted if there isn't one of them."""
    if how.wait:
        raise click.UsageError("--wait is for a whole Formation: leave it out.")
    formation = formations.find(cluster, name)
    pods = cluster.select(kinds.POD, labels=f"{naming.FORMATION_LABEL}={name}").items
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
        raise Mistyped(
            "The operator would start the release of the declared content again.",
            hint=f"Go back first: {back}",
        )
    return job
