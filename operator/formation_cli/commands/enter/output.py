"""Show what a process writes that is run once: from its log, or by kubectl attach if it has input."""

import time
from collections.abc import Iterator

import click

from formation_cli.changes.one_off import OneOff
from formation_cli.cluster import kinds, kubectl
from formation_cli.cluster.port import Cluster, CutFailure, LogQuery, Object
from formation_cli.commands import log_streams
from formation_cli.failures import Failure, NotFound
from formation_cli.terminal import screen
from formation_cli.views import log_lines, one_offs, pod_state
from formation_cli.views.log_lines import Line

LAG = 3.0
"""Seconds after which a Pod's status says that its process has ended."""
LOOK = 0.5
"""Seconds between two looks at that."""
BYTES = "latin-1"
"""Has a character for each byte."""


def show(cluster: Cluster, pod: Object, wanted: OneOff) -> None:
    """Show what a process writes: as it is to programs, to a person only what moves no cursor.

    A process that reads what is typed is shown as it is: it may draw.
    """
    if wanted.tty or wanted.stdin:
        _attach(cluster, pod, tty=wanted.tty)
    elif screen.is_terminal():
        for text in written(cluster, pod):
            screen.write(log_lines.harmless(text.removesuffix(b"\n").decode(errors="replace")))
    else:
        for text in written(cluster, pod):
            click.echo(text, nl=False)


def written(cluster: Cluster, pod: Object, *, follow: bool = True) -> Iterator[bytes]:
    """Yield the lines of a process's log with their ends; if it breaks off, it is read on."""
    source = log_lines.source(pod)

    def read(query: LogQuery) -> Iterator[Line]:
        for line in cluster.log(source.pod, query):
            yield log_lines.parsed(line.decode(BYTES), source)

    query = LogQuery(source.container, follow=follow, timestamps=True)
    for line in log_streams.unbroken(read, query, _is_cut):
        yield line.text.encode(BYTES)


def _is_cut(failure: Failure | None) -> bool:
    """Tell whether a log goes on that has ended, or broken off; raises `Failure` if it can't be read."""
    if isinstance(failure, CutFailure):
        time.sleep(log_streams.PAUSE)
        return True
    if failure is None or isinstance(failure, NotFound):  # then its Pod is gone, which is seen, too
        return False
    raise failure


def _attach(cluster: Cluster, pod: Object, *, tty: bool) -> None:
    """Show what the log has so far, and connect our input; if attach comes too late, show the rest."""
    earlier = b""
    if one_offs.stage(pod).exit_code is None:
        earlier = b"".join(written(cluster, pod, follow=False))
        click.echo(earlier, nl=False)
        why = kubectl.attach(cluster, pod["metadata"]["name"], pod_state.container(pod), tty=tty)
        if not why:
            return
        _check_end(cluster, pod, why.decode(errors="replace"))
    click.echo(b"".join(written(cluster, pod))[len(earlier) :], nl=False)


def _check_end(cluster: Cluster, pod: Object, why: str) -> None:
    """Raise `Failure` if a process goes on when kubelet has had the time to say that it has ended."""
    until = time.monotonic() + LAG
    while (found := cluster.get(kinds.POD, pod["metadata"]["name"])) is not None:
        if one_offs.stage(found).exit_code is not None:
            return
        if time.monotonic() > until:
            hint = kubectl.printable(why)
            raise Failure("The command runs, but kubectl attach can't reach it, so it is stopped.", hint=hint)
        time.sleep(LOOK)
