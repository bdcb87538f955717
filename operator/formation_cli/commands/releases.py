"""Show what a release writes while it runs, and which others still run beside it."""

import shlex
from collections.abc import Iterable, Iterator

import click

from formation_cli.changes import revisions as changes
from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster, LogQuery, Object
from formation_cli.commands import log_streams
from formation_cli.failures import NoAccess, again
from formation_cli.terminal.screen import Writer
from formation_cli.views import releases
from formation_operator.api import naming

OTHER = "The release command of an earlier deploy still runs, in Job {job}. To end it: {end}"
OWN = "The release command still runs, in Job {job}. To end it: {end}"


class Log:
    """The lines of a release's Pods, whose names come with each sight of them."""

    def __init__(self, cluster: Cluster, *, beside: bool = False) -> None:
        """Take whether it is said ``beside`` a result."""
        query = LogQuery("", follow=True, timestamps=True)
        self._following = log_streams.Following(cluster, query, log_streams.of_any_type)
        self._writer = Writer([naming.RELEASE], beside=beside)
        self._refused = False

    def show(self, pods: Iterable[Object], *, last: bool = False) -> None:
        """Write what has come since the sight before; with the ``last`` one wait for the end of the log."""
        if self._refused:
            return
        try:
            for pod in pods:
                self._following.see(pod)
            for line in self._following.rest() if last else self._following.so_far():
                self._writer.write(line)
        except NoAccess as failure:  # a release goes on without anyone who reads its log
            self._refused = True
            click.echo(f"The log of the release can't be shown: {failure.message}", err=True)


def skipped(cluster: Cluster, before: Object, after: Object) -> str:
    """Return that the release command doesn't run at a start, or at a deploy that changes what it is given.

    The operator runs none for a content that was released before, and is still kept. Nothing is returned
    where one runs, or none is needed.
    """
    name, own = after["metadata"]["name"], changes.of(after)
    starts = bool(before["spec"].get("suspend")) and not after["spec"].get("suspend")
    if not releases.is_declared(after):
        return ""
    if not starts and (own.number or not releases.is_given_another(before["spec"], after["spec"])):
        return ""
    try:
        found = cluster.get(kinds.CONTROLLER_REVISION, own.name)
    except NoAccess:  # it is only said beside a result
        return ""
    kept = [each for each in changes.read([found], after) if not each.flaw] if found else []
    if not kept or not (kept[0].number or changes.was_tried(found or {})):
        return ""
    runs = again(f"run {name} {shlex.join(releases.command(after))}")
    return f"The release command doesn't run, because {kept[0]} was released before. To run it: {runs}"


def beside(
    cluster: Cluster, formation: Object, pods: Iterable[Object] | None = None, *, own: bool = False
) -> Iterator[str]:
    """Yield a sentence for each release command that still runs for another content than the declared one.

    No status names it: a release that has started is never ended for another one. With ``own``, only that of
    the declared content is named.
    """
    formation_name = formation["metadata"]["name"]
    try:
        if pods is None:
            pods = formations.pods(cluster, formation_name, naming.RELEASE_LABEL)
        for name in releases.running_jobs(pods):
            job, end = cluster.get(kinds.JOB, name), again(f"stop {formation_name} --process {name}")
            if job and own != releases.is_of_another(job, formation):
                yield (OWN if own else OTHER).format(job=name, end=end)
    except NoAccess:  # it is only said beside a result
        return
