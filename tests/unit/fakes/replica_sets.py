"""One pass of Kubernetes' ReplicaSet controller, as ``pkg/controller/replicaset`` has it."""

from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import Object
from tests.unit.fakes.kubelet import DELETED, NEVER, moment_of, ready_since
from tests.unit.fakes.world import World, is_active, is_terminating, without

PHASES = ("Pending", "Unknown", "Running")


def sync(world: World, raw: Object) -> None:
    """Make or delete Pods, and report."""
    pods, status = world.claimed(kinds.POD, raw), {**raw.get("status", {})}
    active, failure = [pod for pod in pods if is_active(pod)], ""
    more = 0 if DELETED in raw["metadata"] else raw["spec"].get("replicas", 1) - len(active)
    try:
        for _ in range(more):
            world.make(kinds.POD, raw, raw["spec"]["template"])
    except errors.ClusterError as error:
        failure = str(error)
    for pod in sorted(active, key=_dispensable)[:-more] if more < 0 else []:
        world.delete(pod)
    if not failure:
        status["conditions"] = without(status, "ReplicaFailure")
    elif "ReplicaFailure" not in lenient.conditions(status):
        world.say(status, "ReplicaFailure", "True", "FailedCreate", failure)
    ready = [since for pod in active if (since := ready_since(pod)) < NEVER]
    seconds = raw["spec"].get("minReadySeconds", 0)
    status |= {
        "observedGeneration": raw["metadata"]["generation"],
        "replicas": len(active),
        "readyReplicas": len(ready),
        "availableReplicas": sum(not seconds or world.has_come(since + seconds) for since in ready),
        "terminatingReplicas": sum(map(is_terminating, pods)),
    }
    world.change(raw, status)


def _dispensable(pod: Object) -> tuple[object, ...]:
    """Return what Pods are sorted by: the first are deleted first."""
    status, since = pod.get("status", {}), ready_since(pod)
    restarts = max((each["restartCount"] for each in lenient.items(status, "containerStatuses")), default=0)
    age = -moment_of(pod["metadata"]["creationTimestamp"]), pod["metadata"]["name"]
    return PHASES.index(status.get("phase", "Pending")), since < NEVER, -since, -restarts, *age
