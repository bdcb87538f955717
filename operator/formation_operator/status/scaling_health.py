"""What is said of the autoscalers that we make: pure.

One that can't scale is said apart from Ready: the processes run all the same.
"""

from collections.abc import Iterator, Mapping

from formation_operator.api.formation import FormationSpec
from formation_operator.kube.objects import timestamps
from formation_operator.observe.autoscalers import Scaling
from formation_operator.observe.children import Child

GRACE = 300.0
"""For so many seconds a type has to run, and its autoscaler to be in trouble: metrics come late, or not."""
UNSERVED = "unable to fetch metrics from resource metrics API"
"""What an autoscaler says where nothing serves metrics of Pods, however long a type has run.

Source: ``GetResourceMetric`` in Kubernetes' pkg/controller/podautoscaler/metrics/client.go.
"""


def trouble(
    scalers: Mapping[str, Child], deployments: Mapping[str, Child], now: float
) -> tuple[list[str], list[float]]:
    """Return a sentence for each type that runs and can't be scaled, and the seconds until there are more."""
    troubles = list[str]()
    waits = list[float]()
    for name, scaler in scalers.items():
        child = deployments.get(name)
        if child is None or not child.rollout.serving or not scaler.scaling.trouble:
            continue
        times = [scaler.scaling.since]
        if UNSERVED not in scaler.scaling.message:
            times.append(child.rollout.serving_since)
        wait = max(timestamps.epoch(each) or 0 for each in times) + GRACE - now
        if wait > 0:
            waits.append(wait)
        else:
            troubles.append(_sentence(name, scaler))
    return troubles, waits


def _sentence(name: str, scaler: Child) -> str:
    """Return why a type's autoscaler can't scale, with the way out."""
    why = scaler.scaling.message or scaler.scaling.trouble
    return f"{name}: {scaler.kind}/{scaler.name} can't scale: {why}: {_way_out(name, scaler.scaling)}"


def _way_out(name: str, scaling: Scaling) -> str:
    if "missing request for" in scaling.message:  # a utilization has nothing to be a share of
        return f"set spec.processes.{name}.resources.requests, or another metric"
    if scaling.trouble.endswith("ResourceMetric"):
        return "check that metrics-server runs in the cluster"
    if scaling.trouble.endswith("Metric"):
        return "check that the cluster has a source of that metric"
    return "see its Events (kubectl describe hpa)"


def notes(spec: FormationSpec, scalers: Mapping[str, Child]) -> Iterator[tuple[str, str]]:
    """Yield each type with what is worth knowing of its autoscaler although all is well."""
    for name, scaler in scalers.items():
        process = spec.processes.get(name)
        sentences = ["its autoscaler is at maxReplicas"] if scaler.scaling.limited else []
        if process is not None and process.autoscaling and process.replicas is not None:
            why = f"while {scaler.kind}/{scaler.name} exists"
            sentences.append(f"replicas: {process.replicas} isn't used {why}")
        if sentences:
            yield name, "; ".join(sentences)
