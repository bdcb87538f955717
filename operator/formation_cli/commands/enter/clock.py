"""The clock of a command that has so many seconds: it needs no controller and no node that works."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

import click

from formation_cli.cluster.port import Object
from formation_cli.failures import Failure, TimedOut
from formation_cli.views import log_lines, one_offs
from formation_operator.kube.objects import lenient

LATE = 2.0
"""Seconds that the Job's controller has to begin to end the process."""
GRACE = 30
"""Kubernetes' own default."""


@contextlib.contextmanager
def kept(seconds: float | None, *, tty: bool = False) -> Iterator[Callable[[Object], None]]:
    """End the block with `TimedOut` if it is too long, and give what takes each sight of the process's Pod.

    The Job's controller asks the process to end, which then has its grace period.
    """
    if seconds is None:
        yield lambda _: None
        return
    clock = Clock(seconds, tty=tty)
    before = signal.signal(signal.SIGALRM, clock.ring)
    threading.Thread(target=clock.run, daemon=True).start()
    try:
        yield clock.see
    finally:
        clock.stop()
        signal.signal(signal.SIGALRM, before)


class Clock:
    """Counts beside what the main thread does, which may wait for an answer that never comes."""

    def __init__(self, seconds: float, *, tty: bool) -> None:
        """Take for how long the command may run, and whether a program draws at our terminal."""
        self._seconds = seconds
        self._end = "\r" if tty else ""
        self._pod: Object | None = None
        self._stopped = threading.Event()
        self._turn = threading.Lock()
        self._failure: Failure | None = None

    def see(self, pod: Object) -> None:
        """Note how the Pod is now."""
        self._pod = pod

    def stop(self) -> None:
        """End nothing any more."""
        with self._turn:
            self._stopped.set()

    def ring(self, *_: object) -> None:
        """Raise in the main thread why the command has ended."""
        if self._failure and not self._stopped.is_set():
            raise self._failure

    def run(self) -> None:
        """Wait for the end of its time, and then for that of its process."""
        over = f"Its {self._seconds:g} s are over"
        if self._stopped.wait(self._seconds):
            return
        pod = self._pod
        if pod is None or not log_lines.has_started(pod):
            why = one_offs.stage(pod).waits if pod else "its Job has no Pod"
            self._fail(TimedOut(f"{over}, and it hasn't started" + (f": {why}" if why else ".")))
            return
        grace = lenient.mapping(pod, "spec").get("terminationGracePeriodSeconds", GRACE)
        click.echo(f"{over}: it has {grace} s to end.{self._end}", err=True)
        if not self._stopped.wait(LATE + grace):
            self._fail(TimedOut(f"{over}, and {grace} s later it still isn't known to have ended."))

    def _fail(self, failure: Failure) -> None:
        with self._turn:
            if not self._stopped.is_set():
                self._failure = failure
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)
