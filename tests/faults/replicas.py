"""Two replicas of the operator, as processes with the rights that we ship, each on a cable of its own."""

import contextlib
import pathlib
import signal
import sys
import time
import urllib.parse
from collections.abc import Iterator

import yaml

from tests import server
from tests.client import eventually
from tests.cluster import lifecycle, paths, processes, record
from tests.cluster.cluster import Cluster, environment
from tests.faults.cable import Cable
from tests.local_http import free_port
from tests.operator_process import healthy

PLACE = ("formation-system", "formation-operator")
LONG_AGO, AHEAD = "2001-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"
"""Before any Lease here was made, and after that."""


class Replica:
    """One that writes only while it holds the Lease."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.name = name
        self.cable = Cable(address(cluster))
        self._kubeconfig = through(self.cable, cluster, name)
        self._health = ""
        self._process: processes.Process | None = None

    def start(self) -> "Replica":
        """Start it, and wait until it knows the cluster; ready is who stands by, too."""
        self._health = f"http://127.0.0.1:{free_port()}/healthz"
        command = [sys.executable, "-m", "formation_operator", "--lease", "/".join(PLACE)]
        variables = {**environment(), "KUBECONFIG": str(self._kubeconfig)}
        with lifecycle.alone():
            known = record.load()
            assert known is not None
            self._process = known.start_guest(self.name, [*command, "--liveness", self._health], variables)
        eventually(lambda: healthy(self._health))
        return self

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        processes.send(self._process, number)

    def end(self) -> None:
        """End it, however it is."""
        if self._process is not None:
            processes.kill([self._process])
        self.cable.close()

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


def address(cluster: Cluster) -> tuple[str, int]:
    url = urllib.parse.urlsplit(cluster.server_url)
    assert url.hostname
    assert url.port
    return url.hostname, url.port


def through(cable: Cable, cluster: Cluster, name: str) -> pathlib.Path:
    """Return the operator's kubeconfig with the cable's end as the API server."""
    shipped = cluster.kubeconfig_for("formation-system", "formation-operator")
    content = yaml.safe_load(shipped.read_text())
    content["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{cable.port}"
    own = shipped.with_name(f"{name}.kubeconfig")
    own.touch(mode=0o600)
    own.write_text(yaml.safe_dump(content))
    return own


def holder(cluster: Cluster) -> str | None:
    """Return who holds the Lease; an empty text if nobody does, nothing if there is none."""
    lease = server.of(cluster).find("lease", *PLACE)
    return None if lease is None else str(lease["spec"].get("holderIdentity") or "")


def release(cluster: Cluster, renewed: str = AHEAD) -> None:
    """Have the Lease be there as its holder released it at a time, be it before it was made."""
    api, (namespace, name) = server.of(cluster), PLACE
    released = {"holderIdentity": "", "renewTime": renewed}
    about = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
    lease = {**about, "metadata": {"namespace": namespace, "name": name}, "spec": released}
    path = server.with_query(api.path("lease", *PLACE), {"fieldManager": "tests", "force": "true"})
    api.request("PATCH", path, lease, {"Content-Type": "application/apply-patch+yaml"})


@contextlib.contextmanager
def two(cluster: Cluster) -> Iterator[tuple[Replica, Replica]]:
    """Have two replicas run: the first leads, the second stands by."""
    release(cluster)  # else the first one would wait
    stamp = int(time.monotonic() * 1000)
    replicas = [Replica(cluster, f"replica-{stamp}-{number}") for number in (1, 2)]
    try:
        first = replicas[0].start()
        eventually(lambda: first.is_leader)
        second = replicas[1].start()
        eventually(lambda: "leads" in second.log)
        yield first, second
    finally:
        for each in replicas:
            each.send(signal.SIGCONT)
            each.end()
