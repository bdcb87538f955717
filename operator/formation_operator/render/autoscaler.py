"""The HorizontalPodAutoscaler of a process type: Kubernetes' own fields, passed through.

What is declared today counts, whatever content is rendered: bounds are none of it.
"""

from typing import Any

from formation_operator.api import naming
from formation_operator.api.formation import UTILIZATION, Autoscaling, FormationSpec, Metadata
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.render import intents
from formation_operator.render.intents import Intent


def autoscaler(owner: Metadata, content: FormationSpec, name: str, bounds: Autoscaling) -> Intent:
    """Return the autoscaler of a type's Deployment."""
    metadata = intents.object_meta(owner, content, name, {})
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": metadata["name"]},
        "minReplicas": 1 if bounds.min_replicas is None else bounds.min_replicas,
        "maxReplicas": bounds.max_replicas,
        "metrics": [_named(each, name) for each in bounds.metrics or [CPU]],
        **({"behavior": bounds.behavior} if bounds.behavior else {}),
    }
    return intents.intent(ChildKind.HORIZONTAL_POD_AUTOSCALER, name, metadata, spec)


CPU: dict[str, Any] = {
    "type": "ContainerResource",
    "containerResource": {
        "name": "cpu",
        "container": naming.PROCESS_CONTAINER,
        "target": {"type": "Utilization", "averageUtilization": UTILIZATION},
    },
}
"""What a count follows by default. Kubernetes' own default sums all containers of a Pod, and fails if one
that a mesh added requests nothing."""


def _named(metric: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a metric in which the type's own container has its real name."""
    of_container = metric.get("containerResource") or {}
    if of_container.get("container") != naming.PROCESS_CONTAINER:
        return metric
    return {**metric, "containerResource": {**of_container, "container": name}}
