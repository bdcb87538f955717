"""What is known of a Pod: the few facts that explain why a process isn't well.

A Pod that runs, is ready and has never restarted is well, and isn't kept: the operator's memory doesn't grow
with the number of healthy processes.  The facts of other Pods are bounded, whatever their status says.  The
Pods of releases and of schedules' runs are looked at in the same way.
"""

import dataclasses
from collections.abc import Iterable
from typing import Any

from formation_operator.api import naming
from formation_operator.api.reasons import Reason
from formation_operator.kube.objects import containers, kinds, lenient, timestamps
from formation_operator.kube.objects.containers import Container
from formation_operator.kube.objects.lenient import Condition

TEMPLATE_LABEL = "pod-template-hash"
A_REPLICA_SET = (kinds.BY_NAME[kinds.REPLICA_SET].api_version, kinds.REPLICA_SET)
A_JOB = (kinds.BY_NAME[kinds.JOB].api_version, kinds.JOB)
NAMED = 5
"""How many names of a kind are kept; the others are counted."""
REJECTED = "Pod was rejected: "
"""How kubelet's message starts if it rejects a Pod."""


@dataclasses.dataclass(frozen=True, slots=True)
class Pod:
    """One process, or the Pod of a release or of a schedule's run, that isn't well."""

    namespace: str
    name: str
    uid: str
    resource_version: str = dataclasses.field(compare=False)
    formation: str
    process_type: str
    """What stands for the canary if it is that of a type; `naming.RELEASE` if it is the Pod of a release, and
    the schedule's name if it is that of a run."""
    container: str
    """The name of the container that runs the process."""
    job: str
    """The name of its Job if it is the Pod of a release or of a run. Whose that is, only the Job says."""
    template: str
    """Which version of its Deployment's pod template it has (label pod-template-hash)."""
    created: float
    node: str
    """The node that it was bound to; empty if it wasn't yet."""
    nominated: str
    """The node on which the scheduler will start it when what it needs there is ready; empty if unknown."""
    claims: str
    """The volume claims that it names."""
    gates: str
    """The scheduling gates that have to be removed before a scheduler looks at it."""
    failure: Condition | None
    """Why the Pod as a whole has failed, as after an eviction, if it has."""
    unscheduled: Condition | None
    """Why no node can run it, if none can."""
    set_up: bool
    """Whether its volumes and its network are ready, so that only its containers have to start."""
    unready: Condition | None
    """The Pod's condition Ready while that is false."""
    containers: tuple[Container, ...]

    @property
    def selector(self) -> str:
        """What selects the ReplicaSets of its Deployment, if it is a process of a type or its canary."""
        track = naming.STABLE if self.process_type == self.container else naming.CANARY
        return naming.selector_string(self.formation, self.container, track)

    @property
    def held_by(self) -> tuple[str, ...]:
        """The containers that keep the Pod of a Job from ending although its own has ended well."""
        own = next((each for each in self.containers if self.job and each.name == self.container), None)
        if own is None or not own.ended or own.failure is not None:
            return ()
        running = (each for each in self.containers if each.running_since is not None)
        return tuple(each.name for each in running if not each.sidecar)

    @property
    def refused(self) -> bool:
        """Whether its node rejected it, so that no process of it ran."""
        return self.failure is not None and self.failure.message.startswith(REJECTED)

    @property
    def failed_by_itself(self) -> bool:
        """Whether it failed because a container of it failed that isn't restarted."""
        failure = self.failure
        unexplained = failure is not None and failure.reason == Reason.FAILED and not failure.message
        return unexplained and any(container.failure for container in self.containers)

    @property
    def restarts(self) -> int:
        """How often its containers were started again."""
        return sum(container.restarts for container in self.containers)


def pod(raw: dict[str, Any]) -> Pod | None:
    """Return the facts of a Pod as the API server sent it.

    Returns nothing if it is well, or neither a process of a type nor a Job of ours. A Pod that is being
    deleted counts as well: how it ends doesn't matter any more. So does a Job's that has succeeded.
    """
    metadata, spec, status = raw["metadata"], lenient.mapping(raw, "spec"), lenient.mapping(raw, "status")
    process_type, job = part_of(metadata)
    if not process_type or "deletionTimestamp" in metadata or (job and status.get("phase") == "Succeeded"):
        return None
    its_containers = containers.containers(raw, of_job=bool(job))
    conditions = lenient.conditions(status)
    ready = conditions.get("Ready", {})
    scheduled = conditions.get("PodScheduled", {})
    failure = _failure(status, ready)
    unready = None if ready.get("status") == "True" else lenient.condition(ready)
    is_well = bool(its_containers) and all(item.well for item in its_containers)
    if failure is None and unready is None and is_well:
        return None
    labels = lenient.mapping(metadata, "labels")
    claims = (lenient.mapping(each, "persistentVolumeClaim") for each in lenient.items(spec, "volumes"))
    return Pod(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        formation=lenient.text(labels, naming.FORMATION_LABEL),
        process_type=process_type,
        container=process_type if job else lenient.text(labels, naming.PROCESS_TYPE_LABEL),
        job=job,
        template=lenient.shared(lenient.text(labels, TEMPLATE_LABEL)),
        created=timestamps.epoch(lenient.text(metadata, "creationTimestamp")) or 0.0,
        node=lenient.shared(lenient.text(spec, "nodeName")),
        nominated=lenient.shared(lenient.text(status, "nominatedNodeName")),
        claims=_listed((lenient.text(each, "claimName") for each in claims), " "),
        gates=_listed((lenient.text(each, "name") for each in lenient.items(spec, "schedulingGates")), ", "),
        failure=failure,
        unscheduled=lenient.condition(scheduled) if scheduled.get("status") == "False" else None,
        set_up=conditions.get("PodReadyToStartContainers", {}).get("status") == "True",
        unready=unready,
        containers=its_containers,
    )


def part_of(metadata: dict[str, Any]) -> tuple[str, str]:
    """Return the type, canary, schedule or `naming.RELEASE` that a Pod is of, and its Job, if one created it.

    The first is empty if it is none of them.
    """
    labels, owner = lenient.mapping(metadata, "labels"), lenient.controller(metadata)
    if (owner.get("apiVersion"), owner.get("kind")) == A_JOB:
        is_release = lenient.text(labels, naming.RELEASE_LABEL)
        schedule = lenient.text(labels, naming.SCHEDULE_LABEL)
        return naming.RELEASE if is_release else schedule, lenient.word(owner, "name")
    return process_of(labels) if is_process(metadata) else "", ""


def process_of(labels: dict[str, Any]) -> str:
    """Return the type that the labels of a process name, or what stands for the type's canary."""
    named = (lenient.text(labels, each) for each in (naming.PROCESS_TYPE_LABEL, naming.TRACK_LABEL))
    return naming.on_track(*named)


def is_process(metadata: dict[str, Any]) -> bool:
    """Return whether the ReplicaSet of a process type's Deployment created a Pod.

    Labels alone prove little: a Job's Pod may have the same.  A ReplicaSet has the name of its Deployment,
    followed by the hash that its Pods have as a label.
    Source: generateReplicaSetName in pkg/controller/deployment/sync.go of Kubernetes
    """
    labels, owner = lenient.mapping(metadata, "labels"), lenient.controller(metadata)
    formation, template = (lenient.text(labels, each) for each in (naming.FORMATION_LABEL, TEMPLATE_LABEL))
    expected = (*A_REPLICA_SET, f"{naming.child(formation, process_of(labels))}-{template}")
    return (owner.get("apiVersion"), owner.get("kind"), owner.get("name")) == expected


def _listed(names: Iterable[str], separator: str) -> str:
    """Return the first of some names, and how many more there are, as a sentence has them."""
    every = [*filter(None, names)]
    more = f" and {len(every) - NAMED} more" if len(every) > NAMED else ""
    return separator.join(every[:NAMED]) + more


def _failure(status: dict[str, Any], ready: dict[str, Any]) -> Condition | None:
    if status.get("phase") != "Failed":
        return None
    reason = lenient.word(status, "reason") or Reason.FAILED
    time = lenient.text(ready, "lastTransitionTime") or lenient.text(status, "startTime")
    return Condition(reason, lenient.text(status, "message"), time)
