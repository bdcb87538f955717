"""Deployments as the operator makes them, as far as the plugin looks at them."""

from typing import Any

from formation_operator.api import naming


def a_deployment(
    formation: str = "shop",
    type_: str = "worker",
    *,
    track: str = naming.STABLE,
    pod: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the Deployment of a type, or of its canary."""
    owner = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "name": formation, "uid": "uid-1"}
    name = naming.child(formation, naming.on_track(type_, track))
    metadata = {"name": name, "labels": naming.selector(formation, type_, track)}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {**metadata, "ownerReferences": [owner], "generation": 1},
        "spec": {"template": {"metadata": {}, "spec": pod or {}}},
    }
