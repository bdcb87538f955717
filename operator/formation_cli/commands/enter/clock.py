"""The clock of a command that has so many seconds: it needs no controller and no node that works."""

import contextlib
import dataclasses
import signal
from collections.abc import Callable, Iterator

import click

from formation_cli.cluster.port import Object
from formation_cli.failures import TimedOut
from formation_cli.views import one_offs, pod_state
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
    clock = _Clock(seconds or 0.0, "\r" if tty else "")
    before = signal.signal(signal.SIGALRM, clock.ring)
    signal.setitimer(signal.ITIMER_REAL, clock.seconds)  # 0 for none
    try:
        yield clock.see
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@dataclasses.dataclass
class _Clock:
    """Rings in the main thread, which may wait for an answer that never comes."""

    seconds: float
    end: str
    """What ends a line where a program draws at our terminal."""
    pod: Object | None = None
    grace: int | None = None
    """How long the process has to end, once its time is over."""

    def see(self, pod: Object) -> None:
        """Note how the Pod is now."""
        self.pod = pod

    def ring(self, *_: object) -> None:
        """Say that its time is over; raise `TimedOut` if it hasn't started, or has had the time to end."""
        over = f"Its {self.seconds:g} s are over"
        if self.grace is not None:
            raise TimedOut(f"{over}, and {self.grace} s later it still isn't known to have ended.")
        if self.pod is None or not pod_state.has_started(self.pod):
            why = one_offs.stage(self.pod).waits if self.pod else "its Job has no Pod"
            raise TimedOut(f"{over}, and the command hasn't started" + (f": {why}" if why else "."))
        self.grace = lenient.mapping(self.pod, "spec").get("terminationGracePeriodSeconds", GRACE)
        signal.setitimer(signal.ITIMER_REAL, LATE + (self.grace or 0))
        click.echo(f"{over}: it has {self.grace} s to end.{self.end}", err=True)
