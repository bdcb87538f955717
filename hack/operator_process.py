"""The operator under test: a process with the service account and RBAC that we ship, the same for all tests.

It is a guest of the cluster, so it ends with that, whatever becomes of the tests.
"""

import dataclasses
import pathlib
import signal
import sys
import time
from collections.abc import Mapping

from hack.cluster import lifecycle, paths, processes, record
from hack.cluster.cluster import Cluster, environment
from hack.local_http import free_port, opened

START_SECONDS = 120


@dataclasses.dataclass(frozen=True)
class OperatorProcess:
    """Starts, stops and restarts the operator against a cluster."""

    cluster: Cluster
    name: str = "operator"
    """Of the process: starting another one of a name ends it."""
    shared: bool = False
    """Whether tests that run at this moment rely on it: then nobody may stop it."""
    kubeconfig: pathlib.Path | None = None
    """How it reaches the cluster; straight, if nobody says otherwise."""
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Further environment variables."""

    def start(self, *flags: str) -> None:
        """Start the operator and wait until it answers its health check."""
        self._require_mine()
        kubeconfig = self.kubeconfig or self.cluster.kubeconfig_for("formation-system", "formation-operator")
        health = f"http://127.0.0.1:{free_port()}/healthz"
        listening = ["--liveness", health, "--metrics", f"127.0.0.1:{free_port()}"]
        command = [sys.executable, "-m", "formation_operator", *listening, *flags]
        variables = {**environment(), **self.variables, "KUBECONFIG": str(kubeconfig)}
        started = lifecycle.start_guest(self.name, command, variables)
        deadline = time.monotonic() + START_SECONDS
        while not healthy(health):
            if not processes.is_alive(started) or time.monotonic() > deadline:
                raise RuntimeError(f"the operator didn't start:\n{self.last_lines()}")
            time.sleep(0.1)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask the operator to stop, as Kubernetes does, and wait for it."""
        self._require_mine()
        if running := self._process():
            processes.stop(running, number)

    def send(self, number: signal.Signals) -> None:
        """Send the operator a signal."""
        processes.send(self._running(), number)

    def kill(self) -> None:
        """End the operator without warning."""
        self.stop(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    @property
    def pid(self) -> int | None:
        """The id of the process, while it runs."""
        running = self._process()
        return running.pid if running and processes.is_alive(running) else None

    @property
    def health(self) -> str:
        """Where the process that runs answers its health check."""
        return self._flag("--liveness")

    @property
    def metrics(self) -> str:
        """Where the process that runs serves its metrics: host and port."""
        return self._flag("--metrics")

    def _flag(self, name: str) -> str:
        words = processes.command(self._running().pid)
        return words[words.index(name) + 1]

    @property
    def memory(self) -> float:
        """What the process that runs has in memory, in MiB."""
        return processes.memory(self._running().pid)

    def last_lines(self, characters: int = 3000) -> str:
        """Return the end of the log."""
        return self.log.read_text(errors="replace")[-characters:]

    @property
    def log(self) -> pathlib.Path:
        """What all operators of this name have logged so far."""
        return paths.state() / "logs" / f"{self.name}.log"

    def _process(self) -> processes.Process | None:
        return next((guest for guest in record.known().guests if guest.name == self.name), None)

    def _running(self) -> processes.Process:
        running = self._process()
        assert running is not None
        return running

    def _require_mine(self) -> None:
        assert not self.shared, "other tests rely on the operator now: mark this test `alone`"


def healthy(url: str) -> bool:
    """Tell whether a health check is answered well."""
    try:
        with opened(url, seconds=2) as answer:
            return answer.status == 200
    except OSError:
        return False
