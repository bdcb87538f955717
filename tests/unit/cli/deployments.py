"""Deployments as the operator makes them, as far as the plugin looks at them."""

from typing import Any

from formation_operator.api import naming


def a_deployment(
    formation: str = "shop", type_: str = "worker", *, pod: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the Deployment of a type."""
    owner = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "name": formation, "uid": "uid-1"}
    metadata = {"name": naming.child(formation, type_), "labels": naming.selector(formation, type_)}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {**metadata, "ownerReferences": [owner], "generation": 1},
        "spec": {"template": {"metadata": {}, "spec": pod or {}}},
    }
