"""Run processes side by side through honcho, and end each after its own time."""

import contextlib
import functools
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any, cast

from honcho.manager import Manager
from honcho.printer import Printer

from formation_cli.dialects.laptop import Process
from formation_cli.failures import SIGNAL

RETRY_SECONDS = 0.1


class Foreman(Manager):
    """Honcho's manager with a time for each process, in place of five seconds for all.

    It ends all when one has ended, as Foreman does.
    """

    def __init__(self, processes: Iterable[Process], *, colour: bool) -> None:
        """Take what is to be run."""
        super().__init__(Printer(sys.stdout, colour=colour))
        self._stop_seconds: dict[str, int] = {}
        for each in processes:
            self.add_process(each.name, each.command, env=dict(each.env))
            self._stop_seconds[each.name] = each.stop_seconds

    def _start(self) -> None:
        """Start all; Ctrl-C while they are ending kills them."""
        first = cast("Callable[..., None]", signal.getsignal(signal.SIGINT))

        def interrupt(*args: Any) -> None:
            if self._terminating:
                self._killall(force=True)
            else:
                first(*args)

        signal.signal(signal.SIGINT, interrupt)
        super()._start()

    def terminate(self) -> None:
        """Send SIGTERM to all, and SIGKILL to each whose time is over, also where no other has ended yet."""
        if self._terminating:
            return
        if not self._all_started():  # honcho knows no process yet that it could end
            self._later(RETRY_SECONDS, self.terminate)
            return
        super().terminate()
        for name, seconds in self._stop_seconds.items():
            self._later(seconds, functools.partial(self._kill, name))

    def kill(self) -> None:
        """Do nothing when honcho's own five seconds are over."""

    def leave(self) -> None:
        """End what still runs, each in its time and without a word: whoever read those may be gone."""
        for name, process in self._processes.items():
            if "returncode" not in process and "pid" in process:
                self._end_silently(name, process["pid"])
        while any("process" in each and each["process"].is_alive() for each in self._processes.values()):
            with contextlib.suppress(queue.Empty):  # what nobody takes would keep them from ending
                message = self.events.get(timeout=RETRY_SECONDS)
                if message.type == "start":
                    self._end_silently(message.name, message.data["pid"])

    def _end_silently(self, name: str, pid: int) -> None:
        self._procmgr.terminate(pid)
        self._later(self._stop_seconds[name], functools.partial(self._procmgr.kill, pid))

    def _later(self, seconds: float, function: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, function)
        timer.daemon = True
        timer.start()

    def _kill(self, name: str) -> None:
        process = self._processes[name]
        if "returncode" not in process and "pid" in process:
            self._system_print(f"sending SIGKILL to {name} (pid {process['pid']})\n")
            self._procmgr.kill(process["pid"])


def run(processes: Iterable[Process], *, colour: bool) -> int:
    """Run processes until one ends or somebody ends them; return the exit code of the first that ended."""
    foreman = Foreman(processes, colour=colour)
    try:
        foreman.loop()
    except BaseException:  # a hangup, or nobody reads what they write
        foreman.leave()
        raise
    code = int(foreman.returncode or 0)
    return code if code >= 0 else SIGNAL - code
