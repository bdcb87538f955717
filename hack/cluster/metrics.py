"""Real figures for autoscalers: metrics-server, run beside the API server of a cluster with a real node.

It isn't part of ``up``, because only a few tests need it. It runs as a process of this machine, so
its Service has no selector but Endpoints that lead to the bridge's address: the API server of Kubernetes 1.32
looks at those, and of newer minors at the EndpointSlice that a controller makes of them.
"""

from hack.cluster import build, lifecycle, settings, templates
from hack.cluster.cluster import Cluster
from hack.cluster.errors import ClusterError

NAME = "metrics-server"


def start(cluster: Cluster) -> None:
    """Build metrics-server if needed, start it, and wait until the API server gives its figures."""
    binary = build.ensure((build.METRICS,))[NAME]
    if cluster.node != "real":
        raise ClusterError("metrics need a real node: run `up` as root without KUBE_NODE")
    lifecycle.start_guest(NAME, command(cluster, str(binary)), {})
    serve(cluster, NAME, "metrics.k8s.io", settings.port(settings.METRICS_PORT))


def serve(cluster: Cluster, name: str, group: str, port: int) -> None:
    """Have the API server ask a process at the bridge's address for figures, and wait until it does."""
    address = settings.BRIDGE_ADDRESS
    objects = templates.filled("figures.yaml", name=name, group=group, port=port, address=address)
    cluster.run_kubectl("apply", "-f", "-", stdin=objects)
    cluster.run_kubectl("wait", "--for=condition=Available", f"apiservice/v1beta1.{group}", "--timeout=180s")


def command(cluster: Cluster, binary: str) -> list[str]:
    """Return the command of metrics-server."""
    kubeconfig = str(cluster.kubeconfig)
    return [
        binary,
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        f"--bind-address={settings.BRIDGE_ADDRESS}",
        f"--secure-port={settings.port(settings.METRICS_PORT)}",
        f"--cert-dir={cluster.state / NAME}",
        "--kubelet-insecure-tls",
        "--kubelet-preferred-address-types=InternalIP",
        "--kubelet-request-timeout=5s",
        "--metric-resolution=10s",
    ]
