"""What every test finds on the cluster: our CRD and RBAC, and what the tests themselves need."""

import contextlib
from collections.abc import Iterator

from tests import cluster as clusters
from tests import rights
from tests.client import Client, established, eventually
from tests.cluster import paths
from tests.cluster.cluster import Cluster
from tests.namespaces import install_hold
from tests.operator_process import OperatorProcess


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
