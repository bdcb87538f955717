"""The lines of several processes' logs in one stream: by their times, or as they come."""

import contextlib
import functools
import heapq
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator

import click

from formation_cli.cluster import follow, kinds
from formation_cli.cluster.follow import MOST_WAITING, Handover
from formation_cli.cluster.port import Cluster, CutFailure, LogQuery, Object
from formation_cli.failures import Failure, NoAccess, NotFound
from formation_cli.views import log_lines, pod_state
from formation_cli.views.log_lines import Line, Source

PAUSE = 1.0
"""Seconds before a log whose connection broke is read on."""
NO_LOG = "previous terminated container"
"""How kubelet says that a process was never started anew."""
LAST_WORDS = 3.0
"""Seconds for which the end of a log is waited for that nobody writes to any more."""
LOST = ("unable to retrieve container logs for ", "failed to try resolving symlinks in path ")
"""How kubelet begins in place of a log that its node no longer has: removed before or while it opens it."""
GONE = "its node no longer has its log"


def past(
    cluster: Cluster, sources: Iterable[Source], query: LogQuery, waiting: Collection[Source] = ()
) -> Iterator[Line]:
    """Yield what was written so far, by its time; at the end raises `Failure` if that isn't all.

    Those that are ``waiting`` to be started again may have no log before the last one.
    """
    failed: list[str] = []

    def read(source: Source) -> Iterator[Line]:
        try:
            yield from _read(cluster, source, query, or_last=source in waiting)
        except NoAccess:
            raise
        except Failure as failure:
            failed.append(f"{source.label}: {failure.message}")

    yield from heapq.merge(*map(read, sources), key=lambda line: log_lines.moment(line.time))
    if failed:
        raise Failure("\n".join(failed))


def unbroken(
    read: Callable[[LogQuery], Iterator[Line]], query: LogQuery, goes_on: Callable[[Failure | None], bool]
) -> Iterator[Line]:
    """Yield the lines of a log, and behind the last one those of the next reading, if it ``goes_on``.

    That is asked whenever there are no more, with what is the matter, if anything is.
    """
    latest = resumed = ""
    while True:
        unread, failure = not resumed, None
        try:
            for line in read(query):
                if line.time:  # what has none goes on the line before
                    unread = log_lines.moment(line.time) > log_lines.moment(resumed)
                    latest = line.time
                if unread:
                    yield line
        except NoAccess:
            raise
        except Failure as error:
            failure = error
        if not goes_on(failure):
            return
        if latest:
            resumed = latest
            query = query._replace(tail=None, since_seconds=None, since_time=latest)


def _read(cluster: Cluster, source: Source, query: LogQuery, *, or_last: bool = False) -> Iterator[Line]:
    """Yield the lines of a log; of a process that is gone, or never ran, there are none.

    Where there is no previous log it may be ``or_last``: kubelet keeps one container that has ended, and has
    its log as the current one until the next is started.
    """
    try:
        for line in cluster.log(source.pod, query._replace(container=source.container)):
            text = line.removesuffix(b"\n").decode(errors="replace")
            yield _present(log_lines.parsed(text, source))
    except NotFound:
        return
    except Failure as failure:
        missing, gone = NO_LOG in failure.message, failure.message == GONE
        if or_last and query.previous and (missing or gone):
            yield from _read(cluster, source, query._replace(previous=False))
        elif not (missing or (gone and _is_going(cluster, source.pod))):
            raise


def _is_going(cluster: Cluster, pod: str) -> bool:
    """Tell whether a Pod is deleted by now, or about to be: kubelet removes its logs before the Pod."""
    there = cluster.select(kinds.POD, fields=f"metadata.name={pod}").items  # whoever reads logs may list Pods
    return not there or "deletionTimestamp" in there[0]["metadata"]


def _present(line: Line) -> Line:
    """Return a line of a log; raises `Failure` for kubelet's word that there is none any more."""
    if not line.time and line.text.startswith(LOST):
        raise Failure(GONE)
    return line


class Following:
    """Follows the logs of the processes that there are, and of those that come."""

    def __init__(self, cluster: Cluster, query: LogQuery, chosen: Callable[[Object], bool]) -> None:
        """Take which lines are wanted, and of which Pods."""
        self._cluster = cluster
        self._query = query
        self._chosen = chosen
        self._lines = Handover[Line | Exception]()
        self._readers: list[threading.Thread] = []
        self._running: dict[tuple[str, int], bool] = {}
        """Of each run of a process that was found: whether it still runs."""

    def lines(self, formation: str) -> Iterator[Line]:
        """Yield the lines as they come, and who comes and goes, until the Formation and its Pods are gone."""
        finder = threading.Thread(target=self._discover, args=(formation,), daemon=True)
        finder.start()
        while finder.is_alive():
            with contextlib.suppress(queue.Empty):
                yield self._next(PAUSE)
        yield from self.rest()

    def so_far(self) -> Iterator[Line]:
        """Yield what has come of the Pods that were seen, without waiting for more."""
        with contextlib.suppress(queue.Empty):
            for _ in range(MOST_WAITING):
                yield self._next(timeout=0)

    def rest(self) -> Iterator[Line]:
        """Yield what still comes of Pods that have ended."""
        until = time.monotonic() + LAST_WORDS
        while any(each.is_alive() for each in self._readers) and time.monotonic() < until:
            yield from self.so_far()
            time.sleep(follow.SETTLING)
        yield from self.so_far()

    def _next(self, timeout: float | None = None) -> Line:
        item = self._lines.get(timeout)
        if isinstance(item, Exception):
            raise item
        return item

    def _discover(self, formation: str) -> None:
        began, there = time.monotonic(), True
        pods, whole = follow.pods(formation), follow.formation(formation)
        try:
            for news in follow.together(self._cluster, pods, whole, tick=PAUSE):
                if news is None:
                    if not there and not any(self._running.values()):
                        return
                elif news.subject == whole:
                    there = news.change.type != "DELETED"
                elif self._chosen(news.change.object):
                    fresh = time.monotonic() - began > PAUSE
                    self.see(news.change.object, gone=news.change.type == "DELETED", fresh=fresh)
        except Exception as error:  # noqa: BLE001  # it is raised where somebody reads the lines
            self._lines.put(error)

    def see(self, pod: Object, *, gone: bool = False, fresh: bool = True) -> None:
        """Begin to read the log of a process that has started, and say who has come or gone."""
        source = log_lines.source(pod)
        key = source.uid, source.run
        runs = pod_state.is_running(pod) and not gone
        if key not in self._running and pod_state.has_started(pod) and not gone:
            query = self._query._replace(tail=None, since_seconds=None) if fresh else self._query
            self._note(source, "started", fresh=fresh)
            self._readers.append(threading.Thread(target=self._read_on, args=(source, query), daemon=True))
            self._readers[-1].start()
        elif self._running.get(key) and not runs:
            self._note(source, f"ended{pod_state.how(pod)}", fresh=True)
        if gone or pod_state.has_started(pod):
            self._running[key] = runs

    def _note(self, source: Source, what: str, *, fresh: bool) -> None:
        if fresh:
            system = source._replace(label=log_lines.SYSTEM, type=log_lines.SYSTEM)
            self._lines.put(Line("", f"{source.label} {what}", system))

    def _read_on(self, source: Source, query: LogQuery) -> None:
        """Read a log to its end; where the connection breaks before, go on behind the last line."""
        told = False

        def goes_on(failure: Failure | None) -> bool:
            nonlocal told
            if failure and not told and not isinstance(failure, CutFailure):
                told = True
                click.echo(f"{source.label}: {failure.message}", err=True)
            time.sleep(PAUSE)
            pod = self._cluster.get(kinds.POD, source.pod)
            if pod is None or log_lines.source(pod) != source:  # its log is that of another run by now
                return False
            return failure is not None or pod_state.is_running(pod)

        try:
            for line in unbroken(functools.partial(_read, self._cluster, source), query, goes_on):
                self._lines.put(line)
        except Exception as error:  # noqa: BLE001  # as above
            self._lines.put(error)


def of_any_type(pod: Object) -> bool:
    """Choose the Pods of all types, also of those to come, and of Jobs."""
    return pod_state.is_of(pod) or pod_state.is_of_job(pod)


def of_types(types: Iterable[str]) -> Callable[[Object], bool]:
    """Return what chooses the Pods of some types, those of Jobs among the one-off ones, or by their names.

    Those of a type are its canary's, too.
    """
    wanted = {*types}

    def chosen(pod: Object) -> bool:
        named = any(log_lines.is_named(pod, each) for each in wanted)
        types = {pod_state.process_type(pod), pod_state.declared_type(pod)}
        return of_any_type(pod) and (named or bool(types & wanted))

    return chosen
