"""Show what a process writes that is run once: from its log, or by kubectl attach if it has input."""

import itertools
import sys
import time
from collections.abc import Generator, Iterator

from formation_cli.changes.one_off import OneOff
from formation_cli.cluster import kinds, kubectl
from formation_cli.cluster.kubectl import ERR, OUT, Piece
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
SILENCE = 0.2
"""Seconds after which both streams have brought what was written at about the same time."""
BYTES = "latin-1"
"""Has a character for each byte."""


def show(cluster: Cluster, pod: Object, wanted: OneOff) -> None:
    """Show what a process writes: as it is to programs, to a person only what moves no cursor.

    A process that reads what is typed is shown as it is: it may draw.
    """
    if wanted.tty:
        _at_terminal(cluster, pod)
    elif wanted.stdin:
        for stream, text in joined(cluster, pod):
            _write(text, error=stream == ERR)
    elif screen.is_terminal():
        for text in written(cluster, pod):
            screen.write(log_lines.harmless(text.removesuffix(b"\n").decode(errors="replace")))
    else:
        for text in written(cluster, pod):
            _write(text)


def _write(text: bytes, *, error: bool = False) -> None:
    file = (sys.stderr if error else sys.stdout).buffer
    file.write(text)
    file.flush()


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


def _at_terminal(cluster: Cluster, pod: Object) -> None:
    """Show what the log has so far, and connect our terminal; if attach comes too late, show the rest."""
    earlier = b""
    if one_offs.stage(pod).exit_code is None:
        earlier = b"".join(written(cluster, pod, follow=False))
        _write(earlier)
        why = kubectl.at_terminal(cluster, pod["metadata"]["name"], pod_state.container(pod))
        if not why:
            return
        _check_end(cluster, pod, why)
    _write(b"".join(written(cluster, pod))[len(earlier) :])


def joined(cluster: Cluster, pod: Object) -> Iterator[Piece]:
    """Yield what a process writes that reads from a pipe, once.

    kubectl attach brings it from some moment on. The log has what was written before, and all of a process
    that attach comes too late for. Raises `Failure` if the process goes on and attach doesn't reach it.
    """
    if one_offs.stage(pod).exit_code is not None or not (yield from _attached(cluster, pod)):
        for line in written(cluster, pod):
            yield Piece(OUT, line)


def _attached(cluster: Cluster, pod: Object) -> Generator[Piece, None, bool]:
    """Yield what is brought, behind what was written before it; return whether anything is."""
    with kubectl.attached(cluster, pod["metadata"]["name"], pod_state.container(pod)) as attachment:
        first = attachment.first(SILENCE)
        if attachment.failed:  # then what was brought may be its own words
            _check_end(cluster, pod, _text(first, ERR).decode(errors="replace"))
        if attachment.failed or not first:
            return False
        log = b"".join(written(cluster, pod, follow=False))
        yield Piece(OUT, one_offs.above(log, [_text(first, OUT), _text(first, ERR)]))
        yield from itertools.chain(first, attachment)
        if attachment.failed:
            _check_end(cluster, pod, "")
        return True


def _text(pieces: list[Piece], stream: int) -> bytes:
    return b"".join(piece.text for piece in pieces if piece.stream == stream)


def _check_end(cluster: Cluster, pod: Object, why: str) -> None:
    """Raise `Failure` if a process goes on when kubelet has had the time to say that it has ended."""
    until = time.monotonic() + LAG
    while (found := cluster.get(kinds.POD, pod["metadata"]["name"])) is not None:
        if one_offs.stage(found).exit_code is not None:
            return
        if time.monotonic() > until:
            hint = kubectl.printable(why)
            raise Failure("It runs, but kubectl attach can't reach it, so it is stopped.", hint=hint)
        time.sleep(LOOK)
