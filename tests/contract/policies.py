"""Policies, which are the whole cluster's: beside other tests, one concerns nobody but its own."""

import contextlib
from collections.abc import Callable, Iterator

from hack.cluster.cluster import Cluster
from tests.live.client import eventually


@contextlib.contextmanager
def in_effect(cluster: Cluster, manifest: str, probe: Callable[[], object]) -> Iterator[None]:
    """Have an administrator apply a policy, and wait until the API server knows it; take it away again."""
    cluster.run_kubectl("apply", "-f", "-", stdin=manifest)
    try:
        eventually(probe)
        yield
    finally:
        cluster.run_kubectl("delete", "-f", "-", stdin=manifest)
