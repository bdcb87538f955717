"""The HorizontalPodAutoscaler of a process type: Kubernetes' own fields, passed through.

What is declared today counts, whatever content is rendered: bounds are none of it.
"""

from typing import Any

from formation_operator.api import naming
from formation_operator.api.formation import UTILIZATION, Autoscaling, FormationSpec, Metadata
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.render import intents
from formation_operator.render.intents import Intent
from formation_operator.render.pod_template import Manifest


def autoscaler(
    owner: Metadata, content: FormationSpec, name: str, bounds: Autoscaling, deployment: Intent
) -> Intent:
    """Return the autoscaler of a type's Deployment."""
    metadata = intents.object_meta(owner, content, name, {})
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment.name},
        "minReplicas": 1 if bounds.min_replicas is None else bounds.min_replicas,
        "maxReplicas": bounds.max_replicas,
        "metrics": [_named(each, name) for each in bounds.metrics or [_cpu(deployment, name)]],
        **({"behavior": bounds.behavior} if bounds.behavior else {}),
    }
    return intents.intent(ChildKind.HORIZONTAL_POD_AUTOSCALER, name, metadata, spec)


def _cpu(deployment: Intent, name: str) -> dict[str, Any]:
    """Return what a count follows by default: the CPU of the type's own container, or of its whole Pod.

    The sum of all containers, Kubernetes' own default, fails if one that a mesh added requests nothing. Where
    only the Pod as a whole requests CPU, the metric of a container fails.
    """
    pod = deployment.manifest["spec"]["template"]["spec"]
    own = next(each for each in pod["containers"] if each["name"] == name)
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": UTILIZATION}}
    if _requests_cpu(pod) and not _requests_cpu(own):
        return {"type": "Resource", "resource": cpu}
    return {"type": "ContainerResource", "containerResource": {**cpu, "container": name}}


def _requests_cpu(pod_or_container: Manifest) -> bool:
    """Return whether it requests CPU; a limit without a request is one as well."""
    resources = pod_or_container.get("resources") or {}
    return any("cpu" in (resources.get(kind) or {}) for kind in ("requests", "limits"))


def _named(metric: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a metric in which the type's own container has its real name."""
    of_container = metric.get("containerResource") or {}
    if of_container.get("container") != naming.PROCESS_CONTAINER:
        return metric
    return {**metric, "containerResource": {**of_container, "container": name}}
