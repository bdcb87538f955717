"""Where it is measured: a cluster that is new for each trial, so that all find the same."""

import contextlib
from collections.abc import Iterator

from tests.cluster import lifecycle
from tests.cluster.cluster import Cluster


@contextlib.contextmanager
def prepared(*installed: tuple[str, ...], node: str = "none") -> Iterator[Cluster]:
    """Start a cluster, apply what is to be installed (as flags of kubectl), and end it afterwards.

    Without a node it is etcd and the API server alone, so that nobody else writes.
    """
    lifecycle.down()
    cluster = lifecycle.up(node, controllers=node != "none")
    try:
        for flags in installed:
            cluster.run_kubectl("apply", *flags)
        yield cluster
    finally:
        lifecycle.down()
