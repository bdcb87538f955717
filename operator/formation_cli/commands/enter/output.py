"""Show what a process writes that is run once: whole and once, from its log or by kubectl attach."""

import itertools
import sys
import time
from collections.abc import Generator, Iterator

from formation_cli.changes.one_off import OneOff
from formation_cli.cluster import attach, kinds
from formation_cli.cluster.attach import ERR, OUT, Attachment, Piece
from formation_cli.cluster.port import Cluster, CutFailure, LogQuery, Object
from formation_cli.commands import log_streams
from formation_cli.failures import Failure, NotFound
from formation_cli.terminal import screen
from formation_cli.views import log_lines, one_offs, processes
from formation_cli.views.log_lines import Line

LAG = 3.0
"""Seconds after which a Pod's status says that its process has ended."""
LOOK = 0.5
"""Seconds after which a line that the log has, and attach hasn't brought, was written before attach."""
SILENCE = 0.2
"""Seconds without output after which both streams have brought what was written at about the same time."""
BYTES = "latin-1"
"""Has a character for each byte."""


def show(cluster: Cluster, pod: Object, wanted: OneOff) -> None:
    """Show what a process writes: as it is to programs, to a person only what moves no cursor.

    A process that reads what is typed is shown as it is: it may draw.
    """
    if wanted.stdin:
        for stream, text in Joined(cluster, pod, tty=wanted.tty).pieces():
            _write(text, error=stream == ERR)
        return
    for text in written(cluster, pod):
        if screen.is_terminal():
            screen.write(log_lines.harmless(text.removesuffix(b"\n").decode(errors="replace")))
        else:
            _write(text)


def _write(text: bytes, *, error: bool = False) -> None:
    file = (sys.stderr if error else sys.stdout).buffer
    file.write(text)
    file.flush()


def written(cluster: Cluster, pod: Object, *, follow: bool = True) -> Iterator[bytes]:
    """Yield the lines of a process's log with their ends; if it breaks off, it is read on."""
    source = log_lines.source(pod)

    def read(query: LogQuery) -> Iterator[Line]:
        for line in cluster.log_as_it_is(source.pod, query):
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


class Joined:
    """What a process writes that reads what is typed.

    kubectl attach brings it from some moment on. The log has what was written before, and all of a process
    that attach comes too late for; but of a line nothing before its end, so a prompt isn't in it.
    """

    def __init__(self, cluster: Cluster, pod: Object, *, tty: bool) -> None:
        """Take the Pod, and whether its process has a terminal."""
        self._cluster = cluster
        self._pod = pod
        self._tty = tty
        self._shown = 0
        """Bytes of the log that were shown."""

    def pieces(self) -> Generator[Piece, None, None]:
        """Yield all of it, once; raises `Failure` if the process goes on and attach doesn't reach it."""
        has_ended = one_offs.stage(self._pod).exit_code is not None
        if has_ended or not (yield from self._attached()):
            end = 0
            for line in self._log(follow=True):
                end += len(line)
                yield self._new(line, end)

    def _attached(self) -> Generator[Piece, None, bool]:
        """Yield what is brought, behind what was written before it; return whether anything is."""
        earlier = self._log_now()
        name, container = self._pod["metadata"]["name"], processes.container(self._pod)
        with attach.attached(self._cluster, name, container, terminal=self._tty) as attachment:
            first = yield from self._first(attachment, earlier)
            if attachment.failed:  # then what was brought may be its own words
                self._check_end(first)
                return False
            above = one_offs.above(self._log_now(), [_joined(first, OUT), _joined(first, ERR)])
            yield self._new(above, len(above))
            streams = set()
            for piece in itertools.chain(first, attachment):
                streams.add(piece.stream)
                yield piece
            if attachment.failed:
                self._check_end([])
            return OUT in streams or (ERR in streams and not attachment.failed)

    def _first(self, attachment: Attachment, earlier: bytes) -> Generator[Piece, None, list[Piece]]:
        """Yield what the log has while nothing is brought, and return what is brought first."""
        pause = LOOK
        while True:
            yield self._new(earlier, len(earlier))
            earlier = self._log_now()
            found = attachment.pieces(pause)
            if found or attachment.ended:
                break
            pause *= 2
        until = time.monotonic() + LOOK
        while (more := attachment.pieces(SILENCE)) and time.monotonic() < until:
            found += more
        return found + more

    def _new(self, text: bytes, end: int) -> Piece:
        """Return what wasn't shown yet of a part of the log that ends there."""
        fresh = text[-(end - self._shown) :] if end > self._shown else b""
        self._shown = max(self._shown, end)
        return Piece(OUT, fresh.replace(b"\n", b"\r\n") if self._tty else fresh)

    def _log(self, *, follow: bool) -> Iterator[bytes]:
        """Yield the lines of the log. Some runtimes take a terminal's carriage return away."""
        for line in written(self._cluster, self._pod, follow=follow):
            yield line.replace(b"\r\n", b"\n") if self._tty else line

    def _log_now(self) -> bytes:
        return b"".join(self._log(follow=False))

    def _check_end(self, said: list[Piece]) -> None:
        """Raise `Failure` if the process goes on when kubelet has had the time to say that it has ended."""
        until = time.monotonic() + LAG
        while (pod := self._cluster.get(kinds.POD, self._pod["metadata"]["name"])) is not None:
            if one_offs.stage(pod).exit_code is not None:
                return
            if time.monotonic() > until:
                why = _joined(said, ERR).decode(errors="replace").strip()
                raise Failure("It runs, but kubectl attach can't reach it, so it is stopped.", hint=why)
            time.sleep(LOOK)


def _joined(pieces: list[Piece], stream: int) -> bytes:
    return b"".join(piece.text for piece in pieces if piece.stream == stream)
