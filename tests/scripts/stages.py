"""Run the stages of a suite one after the other, each with its time, and end what still runs."""

import contextlib
import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import IO

Command = tuple[str, ...]
Child = subprocess.Popen[bytes]

NO_TESTS = 5
"""pytest's answer where every test was left out."""
FINE = (0, NO_TESTS)
POLL = 0.2
"""Seconds between two looks at what runs side by side."""
PR_SET_PDEATHSIG = 1
"""Linux's prctl(2) by which a process is sent a signal when its parent has died."""
TIED = (
    f"import ctypes, os, sys; ctypes.CDLL(None).prctl({PR_SET_PDEATHSIG}, {int(signal.SIGINT)}); "
    "os.execvp(sys.argv[1], sys.argv[1:])"
)
"""Becomes a command that is interrupted when whoever has started it dies."""


@dataclasses.dataclass(frozen=True)
class Stage:
    """What is run until it ends; what is ``beside`` it has to go well, too, before the next begins."""

    name: str
    command: Command
    beside: Command = ()


class Run:
    """One run of a suite."""

    def __init__(self, reports: pathlib.Path) -> None:
        """Take the folder for pytest's reports."""
        self._reports = reports
        self.seconds: list[tuple[str, float]] = []
        """How long each stage took, in their order."""

    def all(self, stages: tuple[Stage, ...]) -> int:
        """Return the exit code of the first stage that fails, or zero."""
        for stage in stages:
            print(f"== {stage.name}", flush=True)
            began = time.monotonic()
            try:
                result = self._one(stage)
            finally:
                self.seconds.append((stage.name, time.monotonic() - began))
            if result not in FINE:
                return result
        return 0

    def _one(self, stage: Stage) -> int:
        with self._started(stage.command) as child:
            if not stage.beside:
                return child.wait()
            with tempfile.TemporaryFile() as output, self._started(stage.beside, output) as other:
                result = first_failure(child, other)
                output.seek(0)
                sys.stdout.buffer.write(output.read())
                sys.stdout.flush()
            return result

    @contextlib.contextmanager
    def _started(self, command: Command, output: IO[bytes] | None = None) -> Iterator[Child]:
        """Start a command; if we are interrupted, let it end in its own way first.

        In a session of its own: Ctrl-C at a terminal would reach it twice, and the second one would cut
        short the cleaning up that the first had begun. If we are killed, the kernel interrupts it: going on,
        it would meet the cluster of the next run.
        """
        report = self._reports / f"{len(list(self._reports.iterdir()))}.xml"
        report.touch()
        options = f"{os.environ.get('PYTEST_ADDOPTS', '')} --junitxml={report}"
        child = subprocess.Popen(
            (sys.executable, "-c", TIED, *command),
            env={**os.environ, "PYTEST_ADDOPTS": options},
            stdout=output,
            stderr=output and subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield child
        finally:
            end(child)


def first_failure(*children: Child) -> int:
    """Wait until all have ended or one has failed, and return its exit code, or else zero."""
    while True:
        codes = [child.poll() for child in children]
        failed = [code for code in codes if code is not None and code not in FINE]
        if failed:
            return failed[0]
        if None not in codes:
            return 0
        time.sleep(POLL)


@contextlib.contextmanager
def helper(command: Command) -> Iterator[None]:
    """Have a command run beside everything within, and end it afterwards: nobody needs its result."""
    child = subprocess.Popen(command, start_new_session=True)
    try:
        yield
    finally:
        end(child, signal.SIGTERM)


def end(child: Child, number: signal.Signals = signal.SIGINT) -> None:
    """Ask what still runs of a command to end, and make it after a minute."""
    if child.poll() is not None:
        return
    os.killpg(child.pid, number)
    with contextlib.suppress(KeyboardInterrupt, subprocess.TimeoutExpired):
        child.wait(timeout=60)
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
