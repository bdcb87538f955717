"""A namespace for each test, and nothing is left in it that costs anything."""

import contextlib
import pathlib
import uuid
from collections.abc import Iterator

from hack.cluster.cluster import Cluster
from tests.live import server

RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
HELD = {"formations.dev/pods": "held"}
"""The label of a namespace whose Pods are made, and never scheduled."""
COSTLY = ("formation", "deployment", "horizontalpodautoscaler", "cronjob", "job", "service", "pod")
"""What somebody would go on working for."""
POLICIES = "mutatingadmissionpolicies"
MANIFEST = pathlib.Path(__file__).with_name("hold.yaml")


@contextlib.contextmanager
def fresh_namespace(cluster: Cluster, labels: dict[str, str] | None = None) -> Iterator[str]:
    """Make a namespace, and afterwards delete what is in it, without waiting for it.

    The namespace itself stays for as long as the cluster: to delete it, Kubernetes looks for objects of every
    kind that there is, which takes an eighth of a second of a core.
    """
    api = server.of(cluster)
    name = f"t-{uuid.uuid4().hex[:10]}"
    metadata = {"name": name, "labels": labels or {}}
    api.create("namespace", "", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    try:
        yield name
    finally:
        for kind in COSTLY:
            with contextlib.suppress(server.ServerError):  # where there is no CRD, there is no Formation
                api.request("DELETE", api.path(kind, name))


def mutating(cluster: Cluster) -> str:
    """Return the API version of mutating admission policies: older minors have an alpha or a beta only."""
    return server.of(cluster).path(POLICIES, "").removeprefix("/apis/").removesuffix(f"/{POLICIES}")


def install_hold(cluster: Cluster) -> None:
    """Have Pods held where a namespace says so: most tests ask nothing of them, and each costs a lot."""
    manifest = MANIFEST.read_text().replace("admissionregistration.k8s.io/v1", mutating(cluster))
    cluster.run_kubectl("apply", "-f", "-", stdin=manifest)
