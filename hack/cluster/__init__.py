"""A real Kubernetes for the demo and the tests, built from source and run on this machine."""

from hack.cluster.cluster import Cluster
from hack.cluster.errors import ClusterError
from hack.cluster.lifecycle import current, down, up

__all__ = ["Cluster", "ClusterError", "current", "down", "up"]
