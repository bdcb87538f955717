"""What is known of a Pod: the few facts that explain why a process isn't well.

A Pod that runs, is ready and has never restarted is well, and isn't kept: the operator's memory doesn't grow
with the number of healthy processes.  The facts of other Pods are bounded, whatever their status says.  The
Pods of releases and of schedules' runs are looked at in the same way.
"""

import dataclasses
import itertools
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from formation_operator.api import naming
from formation_operator.api.reasons import Reason
from formation_operator.kube.objects import kinds, lenient, timestamps
from formation_operator.kube.objects.kinds import Key
from formation_operator.requeue import Lane

SIGNAL_NUMBERS = range(1, 32)
LONGEST_START = 86400.0
"""Seconds: the longest time that is granted to a probe, whatever it allows."""
KINDS_OF_PROBE = ("startup", "readiness", "liveness")
TEMPLATE_LABEL = "pod-template-hash"
A_REPLICA_SET = (kinds.BY_NAME[kinds.REPLICA_SET].api_version, kinds.REPLICA_SET)
A_JOB = (kinds.BY_NAME[kinds.JOB].api_version, kinds.JOB)
MOST = 64
"""How many containers of a Pod are looked at: a process type can't have more."""
NAMED = 5
"""How many names of a kind are kept; the others are counted."""
LONGEST_COMMAND = 2048
"""Characters of a command that is kept: a longer one is most likely a script."""
MOST_SAID = 12288
"""Characters of the termination messages of all containers of a Pod: kubelet keeps no more bytes."""
USUAL_SIZE = 1024
"""Bytes of memory that a Pod takes without its long texts, and each container of it."""
REJECTED = "Pod was rejected: "
"""How kubelet's message starts if it rejects a Pod."""


@dataclasses.dataclass(frozen=True, slots=True)
class Exit:
    """How a container ended."""

    code: int
    reason: str
    """Kubernetes' reason, such as Error, Completed, OOMKilled or StartError."""
    message: str
    """The termination message: what the process wrote there, or else the end of its log."""
    started_at: str
    finished_at: str
    memory_limit: str
    command: tuple[str, ...] = ()
    """The command as far as the Pod has it: the image's own part isn't known. Empty if it is long."""
    once: bool = False
    """Whether it was to end: it is an init container, or its Pod is a Job's."""

    @property
    def succeeded(self) -> bool:
        """Whether it has done its work."""
        return self.once and self.code == 0

    @property
    def signal(self) -> int | None:
        """The signal that ended the process, by the convention that the exit code is 128 more."""
        return self.code - 128 if self.code - 128 in SIGNAL_NUMBERS and self.reason != "StartError" else None

    @property
    def seconds(self) -> float:
        """How long the process ran; 0 if that isn't known.

        containerd reports 1970 for a process that it couldn't start.
        """
        started, finished = timestamps.epoch(self.started_at), timestamps.epoch(self.finished_at)
        return max(0.0, finished - started) if started and finished else 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Container:
    """One container of a Pod, an init container included."""

    name: str
    init: bool
    """Whether it has to end before the others start."""
    ready: bool
    started: bool
    """Whether its startup probe, if it has one, has succeeded."""
    restarts: int
    running_since: float | None
    waiting: str
    """Kubernetes' reason why it isn't started; empty if it doesn't wait."""
    message: str
    """Kubernetes' message about that."""
    ended: bool
    """Whether it has ended and nothing has been started in its place yet."""
    exit: Exit | None
    """How it ended last."""
    checks: tuple[str, ...]
    """Why kubelet may end it: its probes by their kind, and postStart."""
    probing: tuple[tuple[str, float, float], ...] = ()
    """Each probe by its kind, with the earliest and the latest second after which its failures count."""
    sidecar: bool = False
    """Whether it is an init container that runs beside the others and is ended after them."""

    @property
    def has_started(self) -> bool:
        """Whether it runs, or has run."""
        return self.running_since is not None or self.exit is not None or self.restarts > 0

    @property
    def failure(self) -> Exit | None:
        """How it ended, if with an error, and nothing has been started in its place yet."""
        return self.exit if self.ended and self.exit is not None and self.exit.code != 0 else None

    @property
    def done(self) -> bool:
        """Whether it was to end, and has ended well."""
        return self.ended and self.exit is not None and self.exit.succeeded

    @property
    def well(self) -> bool:
        """Whether it never restarted and is ready; an init container is well if it has ended with code 0."""
        if self.init:
            return self.restarts == 0 and self.done
        return self.restarts == 0 and self.ready and self.running_since is not None


@dataclasses.dataclass(frozen=True, slots=True)
class Names:
    """The first of some names, and how many more there are."""

    first: tuple[str, ...]
    more: int

    def joined(self, separator: str) -> str:
        """Return them as a sentence has them."""
        return separator.join(self.first) + (f" and {self.more} more" if self.more else "")


@dataclasses.dataclass(frozen=True, slots=True)
class Pod:
    """One process, or the Pod of a release or of a schedule's run, that isn't well."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    formation: str
    process_type: str
    """`naming.RELEASE` if it is the Pod of a release, and the schedule's name if it is that of a run."""
    template: str
    """Which version of its Deployment's pod template it has (label pod-template-hash)."""
    created: float
    node: str
    """The node that it was bound to; empty if it wasn't yet."""
    chosen: str
    """The node on which the scheduler will start it when what it needs there is ready; empty if unknown."""
    claims: Names
    """The volume claims that it names."""
    gates: Names
    """The scheduling gates that have to be removed before a scheduler looks at it."""
    failure: tuple[str, str, str] | None
    """If the Pod as a whole has failed, as after an eviction: reason, message and time."""
    unscheduled: tuple[str, str] | None
    """If no node can run it: reason and message."""
    set_up: bool
    """Whether its volumes and its network are ready, so that only its containers have to start."""
    unready: tuple[str, str, float] | None
    """Reason, message and transition time of the Pod's condition Ready while that is false."""
    containers: tuple[Container, ...]
    job: str = ""
    """The name of its Job if it is the Pod of a release or of a run."""

    @property
    def has_started(self) -> bool:
        """Whether any container of it runs or has run, init containers included."""
        return any(container.has_started for container in self.containers)

    @property
    def held_by(self) -> tuple[str, ...]:
        """The containers that keep the Pod of a Job from ending although its own has ended well."""
        own = next((each for each in self.containers if self.job and each.name == self.process_type), None)
        if own is None or not own.ended or own.failure is not None:
            return ()
        return tuple(
            each.name for each in self.containers if each.running_since is not None and not each.sidecar
        )

    @property
    def refused(self) -> bool:
        """Whether its node rejected it, so that no process of it ran."""
        return self.failure is not None and self.failure[1].startswith(REJECTED)

    @property
    def failed_by_itself(self) -> bool:
        """Whether it failed because a container of it failed that isn't restarted."""
        unexplained = self.failure is not None and self.failure[:2] == (Reason.FAILED, "")
        return unexplained and any(container.failure for container in self.containers)

    @property
    def restarts(self) -> int:
        """How often its containers were started again."""
        return sum(container.restarts for container in self.containers)

    def same_as(self, other: "Pod | None") -> bool:
        """Return whether two versions of a Pod have the same facts."""
        return (
            other is not None and dataclasses.replace(other, resource_version=self.resource_version) == self
        )

    @property
    def fingerprint(self) -> int:
        """A hash of its facts, the same for each version of it with these facts."""
        return hash(dataclasses.replace(self, resource_version=""))


def pod(raw: dict[str, Any]) -> Pod | None:
    """Return the facts of a Pod as the API server sent it.

    Returns nothing if it is well, or neither a process of a type nor a Job of ours. A Pod that is being
    deleted counts as well: how it ends doesn't matter any more. So does a Job's that has succeeded.
    """
    metadata, spec, status = raw["metadata"], lenient.mapping(raw, "spec"), lenient.mapping(raw, "status")
    release = release_of(metadata)
    schedule, job = ("", release) if release else run_of(metadata)
    if "deletionTimestamp" in metadata or not (job or is_process(metadata)):
        return None
    if job and status.get("phase") == "Succeeded":
        return None
    containers = tuple(_within_most_said(itertools.islice(_containers(spec, status, of_job=bool(job)), MOST)))
    conditions = {lenient.text(item, "type"): item for item in lenient.items(status, "conditions")}
    failure = _failure(status, conditions)
    unready = _unready(conditions.get("Ready", {}))
    if failure is None and unready is None and containers and all(item.well for item in containers):
        return None
    labels = lenient.mapping(metadata, "labels")
    return Pod(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        formation=lenient.text(labels, naming.FORMATION_LABEL),
        process_type=schedule
        or (naming.RELEASE if release else lenient.text(labels, naming.PROCESS_TYPE_LABEL)),
        template=lenient.shared(lenient.text(labels, TEMPLATE_LABEL)),
        created=timestamps.epoch(lenient.text(metadata, "creationTimestamp")) or 0.0,
        node=lenient.shared(lenient.text(spec, "nodeName")),
        chosen=lenient.shared(lenient.text(status, "nominatedNodeName")),
        claims=_names(filter(None, map(_claim, lenient.items(spec, "volumes")))),
        gates=_names(lenient.text(item, "name") for item in lenient.items(spec, "schedulingGates")),
        failure=failure,
        unscheduled=_unscheduled(conditions.get("PodScheduled", {})),
        set_up=conditions.get("PodReadyToStartContainers", {}).get("status") == "True",
        unready=unready,
        containers=containers,
        job=job,
    )


def exit_of(terminated: dict[str, Any], spec: dict[str, Any], *, once: bool) -> Exit:
    """Return how a container ended, given its terminated state and its part of the Pod's spec."""
    return Exit(
        code=lenient.number(terminated, "exitCode"),
        reason=lenient.shared(lenient.word(terminated, "reason")),
        message=lenient.last_lines(terminated, "message"),
        started_at=lenient.text(terminated, "startedAt"),
        finished_at=lenient.text(terminated, "finishedAt"),
        memory_limit=lenient.text(lenient.mapping(spec, "resources", "limits"), "memory"),
        command=_command(spec),
        once=once,
    )


def size_of(pod: Pod) -> int:
    """Return an estimate of the bytes of memory that a Pod takes; most of them are texts."""
    texts = [pod.chosen, *(pod.failure or ()), *(pod.unscheduled or ()), *(pod.unready or ())[:2]]
    for container in pod.containers:
        texts += container.name, container.waiting, container.message
        if container.exit is not None:
            texts += container.exit.reason, container.exit.message, *container.exit.command
    return (1 + len(pod.containers)) * USUAL_SIZE + sum(map(sys.getsizeof, texts))


def formation_of(pod: Pod) -> list[Key]:
    """Return the Formation of a Pod by its label."""
    return [(pod.namespace, pod.formation)]


def lane_of(before: Pod | None, now: Pod | None) -> Lane | None:
    """Return the lane for a Pod that came, went or changed; nothing if its facts are the same."""
    same = now.same_as(before) if now is not None else before is None
    return None if same else Lane.REPORT


def is_process(metadata: dict[str, Any]) -> bool:
    """Return whether the ReplicaSet of a process type's Deployment created a Pod.

    Labels alone prove little: a Job's Pod may have the same.  A ReplicaSet has the name of its Deployment,
    followed by the hash that its Pods have as a label.
    Source: generateReplicaSetName in pkg/controller/deployment/sync.go of Kubernetes
    """
    labels = lenient.mapping(metadata, "labels")
    formation, process_type = (
        lenient.text(labels, label) for label in (naming.FORMATION_LABEL, naming.PROCESS_TYPE_LABEL)
    )
    expected = f"{naming.child(formation, process_type)}-{lenient.text(labels, TEMPLATE_LABEL)}"
    return _is_controlled_by(metadata, *A_REPLICA_SET, expected)


def release_of(metadata: dict[str, Any]) -> str:
    """Return the name of the Job of a release that created a Pod; nothing if none did."""
    labels = lenient.mapping(metadata, "labels")
    formation, digest = (lenient.text(labels, it) for it in (naming.FORMATION_LABEL, naming.RELEASE_LABEL))
    expected = naming.release_job(formation, digest) if formation and digest else ""
    return expected if expected and _is_controlled_by(metadata, *A_JOB, expected) else ""


def run_of(metadata: dict[str, Any]) -> tuple[str, str]:
    """Return the schedule of which a Pod is a run, and the name of its Job; nothing if it is none.

    Whose that Job is, only the Job says.
    """
    labels, owner = lenient.mapping(metadata, "labels"), lenient.controller(metadata)
    schedule = lenient.text(labels, naming.SCHEDULE_LABEL)
    if not schedule or (owner.get("apiVersion"), owner.get("kind")) != A_JOB:
        return "", ""
    return schedule, lenient.word(owner, "name")


def _is_controlled_by(metadata: dict[str, Any], *identity: str) -> bool:
    owner = lenient.controller(metadata)
    return (owner.get("apiVersion"), owner.get("kind"), owner.get("name")) == identity


def _names(names: Iterable[str]) -> Names:
    every = list(names)
    return Names(tuple(every[:NAMED]), max(0, len(every) - NAMED))


def _claim(volume: dict[str, Any]) -> str:
    return lenient.text(lenient.mapping(volume, "persistentVolumeClaim"), "claimName")


def containers_of(raw: dict[str, Any]) -> Iterator[Container]:
    """Yield the containers of the Pod of a Job, however it is."""
    return _containers(lenient.mapping(raw, "spec"), lenient.mapping(raw, "status"), of_job=True)


def _containers(spec: dict[str, Any], status: dict[str, Any], *, of_job: bool) -> Iterator[Container]:
    for part in ("initContainer", "container"):
        specs = {lenient.text(item, "name"): item for item in lenient.items(spec, f"{part}s")}
        for item in lenient.items(status, f"{part}Statuses"):
            own = specs.get(lenient.text(item, "name"), {})
            init = part == "initContainer"
            sidecar = init and own.get("restartPolicy") == "Always"
            once = not sidecar and (init or of_job)
            yield _container(item, own, init=init and not sidecar, sidecar=sidecar, once=once)


def _within_most_said(containers: Iterable[Container]) -> Iterator[Container]:
    """Yield containers, without termination messages when these have reached `MOST_SAID`."""
    said = 0
    for each in containers:
        said += len(each.exit.message) if each.exit is not None else 0
        if each.exit is None or said <= MOST_SAID:
            yield each
        else:
            yield dataclasses.replace(each, exit=dataclasses.replace(each.exit, message=""))


def _container(
    status: dict[str, Any], spec: dict[str, Any], *, init: bool, sidecar: bool, once: bool
) -> Container:
    waiting = lenient.mapping(status, "state", "waiting")
    ended = lenient.mapping(status, "state", "terminated")
    last = ended or lenient.mapping(status, "lastState", "terminated")
    running = lenient.mapping(status, "state", "running")
    return Container(
        name=lenient.shared(lenient.word(status, "name")),
        init=init,
        ready=status.get("ready") is True,
        started=status.get("started") is not False,
        restarts=lenient.number(status, "restartCount"),
        running_since=timestamps.epoch(lenient.text(running, "startedAt")),
        waiting=lenient.shared(lenient.word(waiting, "reason")),
        message=lenient.text(waiting, "message"),
        ended=bool(ended),
        exit=exit_of(last, spec, once=once) if last else None,
        checks=_checks(spec),
        probing=tuple((kind, *_probing(lenient.mapping(spec, f"{kind}Probe"))) for kind in KINDS_OF_PROBE),
        sidecar=sidecar,
    )


def _checks(spec: dict[str, Any]) -> tuple[str, ...]:
    probes = [kind for kind in KINDS_OF_PROBE if spec.get(f"{kind}Probe")]
    hooks = ["postStart"] if lenient.mapping(spec, "lifecycle", "postStart") else []
    return (*probes, *hooks)


def _probing(probe: dict[str, Any]) -> tuple[float, float]:
    if not probe:
        return 0.0, 0.0
    delay = lenient.number(probe, "initialDelaySeconds")
    period = lenient.number(probe, "periodSeconds") or 10
    tries = lenient.number(probe, "failureThreshold") or 3
    return delay + (tries - 1) * period, min(LONGEST_START, delay + tries * period)


def _command(spec: dict[str, Any]) -> tuple[str, ...]:
    parts = (*lenient.texts(spec, "command"), *lenient.texts(spec, "args"))
    # A shortened command would be another one. All processes of a type have the same, so it is interned.
    return tuple(map(lenient.shared, parts)) if sum(map(len, parts)) + len(parts) <= LONGEST_COMMAND else ()


def _failure(status: dict[str, Any], conditions: dict[str, Any]) -> tuple[str, str, str] | None:
    if status.get("phase") != "Failed":
        return None
    changed = lenient.text(conditions.get("Ready", {}), "lastTransitionTime")
    reason = lenient.word(status, "reason") or Reason.FAILED
    return reason, lenient.text(status, "message"), changed or lenient.text(status, "startTime")


def _unscheduled(condition: dict[str, Any]) -> tuple[str, str] | None:
    if condition.get("status") != "False":
        return None
    return lenient.word(condition, "reason"), lenient.text(condition, "message")


def _unready(condition: dict[str, Any]) -> tuple[str, str, float] | None:
    if condition.get("status") == "True":
        return None
    since = timestamps.epoch(lenient.text(condition, "lastTransitionTime")) or 0.0
    return lenient.word(condition, "reason"), lenient.text(condition, "message"), since
