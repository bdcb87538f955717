"""The addresses, ports and names that the parts of the cluster have to agree on.

Ports are fixed, so that a kubeconfig stays valid; each has a variable for the machine where it
is taken.  But for kubelet's, they differ from Kubernetes' own, so that a cluster that is already
here isn't met: a real node never starts beside one.
"""

import os
import socket
import time

from hack.cluster.errors import ClusterError

BRIDGE = "formation0"
BRIDGE_ADDRESS = "10.244.0.1"
BRIDGE_LINK_ADDRESS = "0a:58:0a:f4:00:01"
"""One that nobody was given by a vendor, with the other address in it."""
POD_NETWORK = "10.244.0.0/24"
SERVICE_NETWORK = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
LOOPBACK = "127.0.0.1"
CGROUP = "formation-cluster"
NODE = "node"

API_PORT = ("KUBE_API_PORT", 16443)
ETCD_PORT = ("KUBE_ETCD_PORT", 12379)
METRICS_PORT = ("METRICS_PORT", 10251)
KUBELET_PORT = ("KUBELET_PORT", 10250)

ADMISSION = {"1.32": "v1alpha1", "1.33": "v1alpha1", "1.34": "v1beta1", "1.35": "v1beta1"}
"""The version of mutating admission policies in minors that serve them only if they are told to."""


NEEDS = "needs Kubernetes"
"""How a test says why it is left out on an older minor."""


def minor() -> str:
    """Return ``KUBE_VERSION``: an older minor of Kubernetes, such as ``1.32``; empty for the newest."""
    return os.environ.get("KUBE_VERSION", "")


def numbers(minor: str) -> list[int]:
    """Return a minor's numbers, by which it is older or newer than another."""
    return [int(part) for part in minor.split(".")]


def port(setting: tuple[str, int]) -> int:
    """Return the port of a setting: its environment variable, or its default."""
    variable, default = setting
    chosen = os.environ.get(variable) or str(default)
    if not chosen.isdecimal() or not 0 < int(chosen) < 65536:
        raise ClusterError(f"{variable}={chosen} is no port: give a number from 1 to 65535")
    return int(chosen)


def require_free(address: str, setting: tuple[str, int], patience: float = 30) -> None:
    """Wait until a port is free: an API server holds its own for seconds after it is told to stop."""
    number = port(setting)
    deadline = time.monotonic() + patience
    while not is_free(address, number):
        if time.monotonic() > deadline:
            raise ClusterError(
                f"port {number} of {address} is taken: free it, or set {setting[0]} to another port"
            )
        time.sleep(0.2)


def is_free(address: str, number: int) -> bool:
    """Tell whether a TCP port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, number))
        except OSError:
            return False
    return True
