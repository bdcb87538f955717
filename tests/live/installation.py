"""What every test finds on the cluster: our CRD and RBAC, and what the tests themselves need."""

import contextlib
from collections.abc import Iterator

from hack import cluster as clusters
from hack.cluster import paths
from hack.cluster.cluster import Cluster
from hack.operator_process import OperatorProcess
from tests.live import rights
from tests.live.client import Client, established, eventually
from tests.live.namespaces import install_hold


@contextlib.contextmanager
def on_a_cluster_of_its_own() -> Iterator[OperatorProcess]:
    """Start a control plane with our CRD and RBAC, for the operator to be started there; end it at last."""
    cluster, failed = clusters.up("none"), True
    try:
        install(cluster)
        yield OperatorProcess(cluster)
        failed = False
    finally:
        clusters.down(keep_logs=failed)
        if failed:
            print(f"the logs are in {paths.state()}, until a cluster is started", flush=True)


def install(cluster: Cluster) -> None:
    """Install our CRD and RBAC, and make the account of the tests that run side by side."""
    cluster.run_kubectl("apply", "-k", str(paths.ROOT / "crds"))
    cluster.run_kubectl("apply", "-k", str(paths.ROOT / "manifests" / "rbac"))
    kubectl = Client(cluster, "default")
    established(kubectl, "formations.formations.dev")
    # The server publishes a kind's description a moment after it serves the kind.
    explained = ("explain", "formations.formations.dev")
    eventually(lambda: kubectl(*explained, check=False).returncode == 0)
    rights.grant(cluster)
    install_hold(cluster)
