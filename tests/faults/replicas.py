"""Two replicas of the operator, as processes with the rights that we ship."""

import contextlib
import pathlib
import signal
import sys
import time
from collections.abc import Iterator

from tests import server
from tests.client import eventually
from tests.cluster import lifecycle, paths, processes
from tests.cluster.cluster import Cluster, environment
from tests.local_http import free_port
from tests.operator_process import healthy

PLACE = ("formation-system", "formation-operator")


class Replica:
    """One that writes only while it holds the Lease."""

    def __init__(self, name: str, kubeconfig: pathlib.Path) -> None:
        self.name = name
        self._kubeconfig = kubeconfig
        self._health = ""
        self._process: processes.Process | None = None

    def start(self) -> "Replica":
        """Start it, and wait until it knows the cluster; ready is who stands by, too."""
        self._health = f"http://127.0.0.1:{free_port()}/healthz"
        lease = ["--lease", "/".join(PLACE), "--liveness", self._health]
        command = [sys.executable, "-m", "formation_operator", *lease]
        variables = {**environment(), "KUBECONFIG": str(self._kubeconfig)}
        self._process = lifecycle.start_guest(self.name, command, variables)
        eventually(lambda: healthy(self._health))
        return self

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it was started."""
        if self._process is not None:
            processes.send(self._process, number)

    def end(self) -> None:
        """End it, however it is."""
        if self._process is not None:
            processes.kill([self._process])

    @property
    def healthy(self) -> bool:
        """Whether it answers its health check."""
        return healthy(self._health)

    @property
    def log(self) -> str:
        """What it has logged."""
        return (paths.state() / "logs" / f"{self.name}.log").read_text(errors="replace")

    @property
    def is_leader(self) -> bool:
        """Tell whether it leads, by what it said last about that."""
        said = [line for line in self.log.splitlines() if "This replica" in line or "is released" in line]
        return bool(said) and "This replica leads" in said[-1]


def holder(cluster: Cluster) -> str | None:
    """Return who holds the Lease; an empty text if nobody does, nothing if there is none."""
    lease = server.of(cluster).find("lease", *PLACE)
    return None if lease is None else str(lease["spec"].get("holderIdentity") or "")


def release(cluster: Cluster) -> None:
    """Have the Lease be there as its holder released it."""
    api, (namespace, name) = server.of(cluster), PLACE
    released = {"holderIdentity": "", "renewTime": "2999-01-01T00:00:00.000000Z"}
    about = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
    lease = {**about, "metadata": {"namespace": namespace, "name": name}, "spec": released}
    path = server.with_query(api.path("lease", *PLACE), {"fieldManager": "tests", "force": "true"})
    api.request("PATCH", path, lease, {"Content-Type": "application/apply-patch+yaml"})


@contextlib.contextmanager
def two(cluster: Cluster, of_the_first: pathlib.Path | None = None) -> Iterator[tuple[Replica, Replica]]:
    """Have two replicas run: the first leads, maybe by a kubeconfig of its own, the second stands by."""
    release(cluster)  # else the first one would wait
    stamp, straight = int(time.monotonic() * 1000), cluster.kubeconfig_for(*PLACE)
    first = Replica(f"replica-{stamp}-1", of_the_first or straight)
    second = Replica(f"replica-{stamp}-2", straight)
    try:
        first.start()
        eventually(lambda: first.is_leader)
        second.start()
        eventually(lambda: "leads" in second.log)
        yield first, second
    finally:
        for each in (first, second):
            each.send(signal.SIGCONT)
            each.end()
