"""Of which version a process is: by its ReplicaSet, and by what holds the declared version up."""

from collections.abc import Iterable, Mapping

from formation_cli.objects import Object
from formation_cli.views import pod_state, releases
from formation_operator.api import content, naming
from formation_operator.kube.objects import lenient
from formation_operator.observe import pods

OLD, NEW = "old", "new"
REVISION = "deployment.kubernetes.io/revision"
"""The annotation by which a Deployment's controller counts the templates of Pods."""


def version(formation: Object, pod: Object, latest: Mapping[str, str]) -> str:
    """Return whether a process is of the declared version, or of one before it; nothing of what runs once.

    ``latest`` has the template of each type, as the label of its Pods.
    """
    if pod_state.is_once(pod):
        return ""
    type_, template = pod_state.process_type(pod), _template(pod)
    if type_ == pod_state.declared_type(pod) and releases.gate(formation):
        return OLD
    known = lenient.mapping(formation, "status", "processes", type_)
    is_replaced = type_ not in latest and known.get("updatedReplicas") == 0
    return OLD if is_replaced or latest.get(type_, template) != template else NEW


def latest(replica_sets: Iterable[Object]) -> dict[str, str]:
    """Return the template that each type's Deployment has now, by its ReplicaSets."""
    found = dict[str, tuple[int, str]]()
    for each in replica_sets:
        labels = lenient.mapping(each, "metadata", "labels")
        number = content.number_in(lenient.text(lenient.mapping(each, "metadata", "annotations"), REVISION))
        type_ = pods.process_of(labels)
        found[type_] = max(found.get(type_, (0, "")), (number or 0, _template(each)))
    return {type_: template for type_, (_, template) in found.items()}


def are_mixed(found: Iterable[Object]) -> bool:
    """Tell whether the processes of a type are of several templates, so that ReplicaSets have to tell."""
    templates = {
        (pod_state.process_type(each), _template(each)) for each in found if not pod_state.is_once(each)
    }
    return len(templates) > len({type_ for type_, _ in templates})


def selector(name: str) -> str:
    """Return what selects the ReplicaSets of a Formation."""
    return f"{naming.FORMATION_LABEL}={name}"


def _template(each: Object) -> str:
    return lenient.text(lenient.mapping(each, "metadata", "labels"), pods.TEMPLATE_LABEL)
