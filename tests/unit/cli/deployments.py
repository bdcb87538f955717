"""Deployments as the operator makes them, as far as the plugin looks at them."""

from typing import Any

from formation_operator.api import naming


def rolled_out(type_: str = "worker", count: int = 1, **status: int) -> dict[str, Any]:
    """Return the Deployment of a type that has rolled out its first generation."""
    found = a_deployment(type_=type_)
    found["metadata"]["uid"], found["spec"]["replicas"] = type_, count
    counts = dict.fromkeys(("updatedReplicas", "replicas", "availableReplicas"), count)
    return {**found, "status": {"observedGeneration": 1, **counts, **status}}


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
