"""Another version of the operator at work on the cluster, with its own CRD and rights."""

import contextlib
import pathlib
from collections.abc import Iterator
from typing import NamedTuple

from hack.cluster import paths
from hack.cluster.cluster import Cluster
from hack.operator_process import OperatorProcess
from tests.live.client import Client, established


class Version(NamedTuple):
    """A version of the operator: its sources, and a process of it."""

    sources: pathlib.Path
    operator: OperatorProcess


@contextlib.contextmanager
def instead_of(operator: OperatorProcess, sources: pathlib.Path) -> Iterator[Version]:
    """Have another version at work; afterwards everything is as before."""
    modules = {"PYTHONPATH": str(sources / "operator")}
    other = OperatorProcess(operator.cluster, variables=modules)
    operator.stop()
    install(operator.cluster, sources)
    try:
        other.start()
        yield Version(sources, other)
    finally:
        other.stop()
        install(operator.cluster, paths.ROOT)
        operator.start()


def install(cluster: Cluster, sources: pathlib.Path) -> None:
    """Apply a version's CRD and rights over another's, as its users do."""
    for folder in ("crds", "manifests/rbac"):
        cluster.run_kubectl("apply", "-k", str(sources / folder))
    established(Client(cluster, "default"), "formations.formations.dev")
