"""Two replicas of the operator, as processes with the rights that we ship."""

import contextlib
import dataclasses
import pathlib
import time
from collections.abc import Iterator

from hack.cluster.cluster import Cluster
from hack.operator_process import OperatorProcess
from tests.live import server
from tests.live.client import eventually

PLACE = ("formation-system", "formation-operator")


@dataclasses.dataclass(frozen=True)
class Replica(OperatorProcess):
    """One that writes only while it holds the Lease."""

    def start(self, *flags: str) -> None:
        """Start it, and wait until it knows the cluster; ready is who stands by, too."""
        super().start(f"--lease={'/'.join(PLACE)}", *flags)

    @property
    def said(self) -> str:
        """What it has logged."""
        return self.log.read_text(errors="replace")

    @property
    def is_leader(self) -> bool:
        """Tell whether it leads, by what it said last about that."""
        said = [line for line in self.said.splitlines() if "This replica" in line or "is released" in line]
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
    stamp = time.monotonic_ns()
    first = Replica(cluster, f"replica-{stamp}-1", kubeconfig=of_the_first)
    second = Replica(cluster, f"replica-{stamp}-2")
    try:
        first.start()
        eventually(lambda: first.is_leader)
        second.start()
        eventually(lambda: "leads" in second.said)
        yield first, second
    finally:
        for each in (first, second):
            each.kill()
