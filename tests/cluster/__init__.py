"""A real Kubernetes for the demo and the tests, built from source and run on this machine."""

from tests.cluster.cluster import Cluster
from tests.cluster.errors import ClusterError
from tests.cluster.lifecycle import current, down, up

__all__ = ["Cluster", "ClusterError", "current", "down", "up"]
