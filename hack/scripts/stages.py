"""Run the stages of a suite one after the other, each with its time, and end what still runs."""

import contextlib
import dataclasses
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
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
    f"import ctypes, os, signal, sys; ctypes.CDLL(None).prctl({PR_SET_PDEATHSIG}, {int(signal.SIGINT)}); "
    "signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])"
)
"""Becomes a command that is interrupted when whoever has started it dies. What is started in the background
ignores interrupts: this command doesn't."""


@dataclasses.dataclass(frozen=True)
class Stage:
    """What is run until it ends, as is what is ``beside`` it, before the next begins."""

    name: str
    command: Command
    beside: "Stage | None" = None
    needs: "Stage | None" = None
    """What has to have gone well before: otherwise this one isn't run."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a stage went."""

    stage: Stage
    report: pathlib.Path
    """Of pytest's, if it ran any tests."""
    code: int | None = None
    """Its exit code, if it was run."""
    seconds: float = 0.0

    @property
    def is_fine(self) -> bool:
        """Whether it was run, and nothing failed."""
        return self.code in FINE


class Run:
    """One run of a suite."""

    def __init__(self, reports: pathlib.Path) -> None:
        """Take the folder for pytest's reports."""
        self._reports = reports
        self.outcomes: list[Outcome] = []
        """In the order in which the stages ended."""

    @property
    def result(self) -> int:
        """The exit code of the first stage that failed, or zero."""
        return next((each.code for each in self.outcomes if each.code not in (None, *FINE)), 0)

    def all(self, stages: tuple[Stage, ...]) -> None:
        """Run each stage that can be run, whatever has failed before it."""
        for stage in stages:
            print(f"== {stage.name}", flush=True)
            with contextlib.ExitStack() as running, tempfile.TemporaryFile() as output:
                going = [running.enter_context(contextlib.closing(self._steps(stage)))]
                if stage.beside:
                    beside = self._steps(stage.beside, output)
                    going.append(running.enter_context(contextlib.closing(beside)))
                while going := [each for each in going if not next(each, True)]:
                    time.sleep(POLL)
                output.seek(0)
                sys.stdout.buffer.write(output.read())
                sys.stdout.flush()

    def _steps(self, stage: Stage, output: IO[bytes] | None = None) -> Generator[bool, None, None]:
        """Run a stage; yield False as long as it has not ended."""
        report = self._reports / f"{stage.name}.xml"
        if stage.needs and stage.needs not in [each.stage for each in self.outcomes if each.is_fine]:
            self.outcomes.append(Outcome(stage, report))
            return
        began = time.monotonic()
        with started(stage.command, report, output) as child:
            while child.poll() is None:
                yield False
        self.outcomes.append(Outcome(stage, report, child.returncode, time.monotonic() - began))


@contextlib.contextmanager
def started(command: Command, report: pathlib.Path, output: IO[bytes] | None = None) -> Iterator[Child]:
    """Start a command; if we are interrupted, let it end in its own way first.

    In a session of its own: Ctrl-C at a terminal would reach it twice, and the second one would cut
    short the cleaning up that the first had begun. If we are killed, the kernel interrupts it: going on,
    it would meet the cluster of the next run.
    """
    # That kind of report names the file of each test.
    reporting = f"-o junit_family=xunit1 --junitxml={shlex.quote(str(report))}"
    child = subprocess.Popen(
        (sys.executable, "-c", TIED, *command),
        env={**os.environ, "PYTEST_ADDOPTS": f"{os.environ.get('PYTEST_ADDOPTS', '')} {reporting}"},
        stdout=output,
        stderr=output and subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        end(child)


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
        child.wait()
