"""One pass of Kubernetes' ReplicaSet controller, as ``pkg/controller/replicaset`` has it."""

from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import Object
from tests.unit.fakes.kubelet import NEVER, moment_of, ready_since
from tests.unit.fakes.world import DELETED, World, is_active, is_terminating, say, without

PHASES = ("Pending", "Unknown", "Running")


def sync(world: World, raw: Object) -> None:
    """Make or delete Pods, and report."""
    pods = world.claimed(kinds.POD, raw)
    active = [pod for pod in pods if is_active(pod)]
    more = 0 if DELETED in raw["metadata"] else raw["spec"].get("replicas", 1) - len(active)
    failure = ""
    try:
        for _ in range(more):
            world.make_pod(raw)
    except errors.ClusterError as error:
        failure = str(error)
    for pod in sorted(active, key=_dispensable)[: max(0, -more)]:
        world.delete(pod)
    status = {**raw.get("status", {}), **_figures(world, raw, active)}
    status["terminatingReplicas"] = sum(map(is_terminating, pods))
    if failure:
        if "ReplicaFailure" not in lenient.conditions(status):
            say(status, "ReplicaFailure", "True", "FailedCreate", failure, world.stamp())
    else:
        status["conditions"] = without(status, "ReplicaFailure")
    world.report(raw, status)


def _figures(world: World, raw: Object, active: list[Object]) -> dict[str, int]:
    ready = [since for pod in active if (since := ready_since(pod)) < NEVER]
    seconds = raw["spec"].get("minReadySeconds", 0)
    return {
        "observedGeneration": raw["metadata"]["generation"],
        "replicas": len(active),
        "readyReplicas": len(ready),
        "availableReplicas": sum(not seconds or world.has_come(since + seconds) for since in ready),
    }


def _dispensable(pod: Object) -> tuple[object, ...]:
    """Return what Pods are sorted by: the first are deleted first."""
    metadata, status = pod["metadata"], pod.get("status", {})
    since = ready_since(pod)
    restarts = max((each["restartCount"] for each in lenient.items(status, "containerStatuses")), default=0)
    phase = PHASES.index(status.get("phase", "Pending"))
    age = -moment_of(metadata["creationTimestamp"]), metadata["name"]
    return "nodeName" in pod["spec"], phase, since < NEVER, -since, -restarts, *age
