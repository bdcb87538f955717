"""The rights of an operator for some namespaces only."""

from typing import Any

from tests.cluster import paths
from tests.cluster.cluster import Cluster
from tests.kustomization import rendered

NAME = "formation-operator"
SHIPPED = paths.ROOT / "manifests"


def rights(cluster: Cluster, namespace: str) -> list[dict[str, Any]]:
    """Return the Role and the RoleBinding that we ship for `shop`, for another namespace."""
    made = rendered(cluster.kubectl, SHIPPED / "namespaced")
    placed = [item for item in made if item["metadata"].get("namespace") == "shop"]
    assert {item["kind"] for item in placed} == {"Role", "RoleBinding"}
    return [{**item, "metadata": {**item["metadata"], "namespace": namespace}} for item in placed]
