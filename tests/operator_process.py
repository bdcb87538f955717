"""The operator under test: a process of its own, with the service account and RBAC that we ship."""

import contextlib
import dataclasses
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

from tests.cluster.cluster import Cluster, environment

START_SECONDS = 120


@dataclasses.dataclass
class OperatorProcess:
    """Starts, stops and restarts the operator against a cluster."""

    cluster: Cluster
    log: pathlib.Path
    process: subprocess.Popen[bytes] | None = None
    health: str = ""
    """Where this process, and none that a broken run left behind, answers its health check."""

    def start(self, *flags: str) -> None:
        """Start the operator and wait until it answers its health check."""
        kubeconfig = self.cluster.kubeconfig_for("formation-system", "formation-operator")
        self.health = f"http://127.0.0.1:{free_port()}/healthz"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "formation_operator", "--liveness", self.health, *flags],
                env={**environment(), "KUBECONFIG": str(kubeconfig)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._healthy():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the operator didn't start:\n{self.last_lines()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Ask the operator to stop, as Kubernetes does, and wait for it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=60)
            self.process = None

    def kill(self) -> None:
        """End the operator without warning."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=60)
            self.process = None

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """Have everything within happen at one moment, as the operator sees it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def last_lines(self) -> str:
        """Return the end of the log."""
        return self.log.read_text()[-3000:]

    def _healthy(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(self.health, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
