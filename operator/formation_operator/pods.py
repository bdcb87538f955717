"""What is known of a Pod: the few facts that tell why a process isn't well.

A Pod that runs, is ready and has never restarted has nothing to tell, and nothing of it is kept:
where all is well the operator's memory doesn't grow with the number of processes.
"""

import dataclasses
import sys
from collections.abc import Iterator
from typing import Any

from formation_operator import naming, times

LONGEST = 1000
"""Characters of a message that are kept: kubelet can quote whole error pages."""
SIGNALS = range(1, 32)
KINDS_OF_PROBE = ("startup", "readiness", "liveness")


@dataclasses.dataclass(frozen=True)
class Exit:
    """How a container ended."""

    code: int
    reason: str
    """Kubernetes' word, such as Error, Completed, OOMKilled or StartError."""
    message: str
    """What the process left in its termination message, or else the end of its log."""
    started_at: str
    finished_at: str
    memory_limit: str

    @property
    def signal(self) -> int | None:
        """The signal that ended the process, by the convention that the exit code is 128 more."""
        return self.code - 128 if self.code - 128 in SIGNALS and self.reason != "StartError" else None

    @property
    def seconds(self) -> float:
        """How long the process ran."""
        return (times.epoch(self.finished_at) or 0) - (times.epoch(self.started_at) or 0)


@dataclasses.dataclass(frozen=True)
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
    """Why it isn't started, in Kubernetes' word; empty if it doesn't wait."""
    message: str
    """What Kubernetes says of the wait."""
    ended: bool
    """Whether it has ended and nothing has been started in its place yet."""
    exit: Exit | None
    """How it ended last."""
    checks: tuple[str, ...]
    """What kubelet may end it for: its probes by their kind, and postStart."""

    @property
    def well(self) -> bool:
        """Whether there is nothing to tell of it."""
        if self.init:
            return self.restarts == 0 and (self.exit is not None and self.exit.code == 0 and self.ended)
        return self.restarts == 0 and self.ready and self.running_since is not None


@dataclasses.dataclass(frozen=True)
class Pod:
    """One process, as far as it isn't simply well."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    formation: str
    process_type: str
    template: str
    """Which version of its Deployment's pod template it has (label pod-template-hash)."""
    created: float
    node: str
    failure: tuple[str, str, str] | None
    """If the Pod as a whole has failed, as after an eviction: reason, message and time."""
    unscheduled: tuple[str, str] | None
    """If no node takes it: reason and message."""
    unready: tuple[str, str, float] | None
    """What the Pod's own condition Ready says while it's false: reason, message and since when."""
    containers: tuple[Container, ...]

    @property
    def restarts(self) -> int:
        """How often its containers were started again."""
        return sum(container.restarts for container in self.containers)

    def same_as(self, other: "Pod | None") -> bool:
        """Whether two sights of a Pod tell the same."""
        return (
            other is not None and dataclasses.replace(other, resource_version=self.resource_version) == self
        )


def pod(raw: dict[str, Any]) -> Pod | None:
    """Return the facts of a Pod as the API server gave it, or nothing if it is well or on its way out."""
    metadata, spec, status = raw["metadata"], raw.get("spec") or {}, raw.get("status") or {}
    if "deletionTimestamp" in metadata:
        return None  # how it ends is its owner's wish, and no news
    containers = tuple(_containers(spec, status))
    conditions = {item["type"]: item for item in status.get("conditions") or []}
    failure = _failure(status, conditions)
    unready = _unready(conditions.get("Ready") or {})
    if failure is None and unready is None and containers and all(item.well for item in containers):
        return None
    labels = metadata.get("labels") or {}
    return Pod(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        formation=labels.get(naming.FORMATION_LABEL, ""),
        process_type=labels.get(naming.PROCESS_TYPE_LABEL, ""),
        template=sys.intern(labels.get("pod-template-hash", "")),
        created=times.epoch(metadata.get("creationTimestamp")) or 0.0,
        node=sys.intern(spec.get("nodeName") or ""),
        failure=failure,
        unscheduled=_unscheduled(conditions.get("PodScheduled") or {}),
        unready=unready,
        containers=containers,
    )


def _containers(spec: dict[str, Any], status: dict[str, Any]) -> Iterator[Container]:
    for part in ("initContainer", "container"):
        specs = {item["name"]: item for item in spec.get(f"{part}s") or []}
        for item in status.get(f"{part}Statuses") or []:
            own = specs.get(item["name"]) or {}
            sidecar = own.get("restartPolicy") == "Always"
            yield _container(item, own, init=part == "initContainer" and not sidecar)


def _container(status: dict[str, Any], spec: dict[str, Any], *, init: bool) -> Container:
    state = status.get("state") or {}
    waiting = state.get("waiting") or {}
    ended = state.get("terminated")
    last = ended or (status.get("lastState") or {}).get("terminated")
    limits = (spec.get("resources") or {}).get("limits") or {}
    return Container(
        name=sys.intern(status["name"]),
        init=init,
        ready=bool(status.get("ready")),
        started=status.get("started") is not False,
        restarts=status.get("restartCount", 0),
        running_since=times.epoch((state.get("running") or {}).get("startedAt")),
        waiting=sys.intern(waiting.get("reason") or ""),
        message=(waiting.get("message") or "")[:LONGEST],
        ended=ended is not None,
        exit=_exit(last, str(limits.get("memory") or "")) if last else None,
        checks=_checks(spec),
    )


def _checks(spec: dict[str, Any]) -> tuple[str, ...]:
    probes = [kind for kind in KINDS_OF_PROBE if spec.get(f"{kind}Probe")]
    return (*probes, *(["postStart"] if (spec.get("lifecycle") or {}).get("postStart") else []))


def _exit(terminated: dict[str, Any], memory_limit: str) -> Exit:
    return Exit(
        code=terminated.get("exitCode", 0),
        reason=sys.intern(terminated.get("reason") or ""),
        message=(terminated.get("message") or "").strip()[-LONGEST:],
        started_at=terminated.get("startedAt") or "",
        finished_at=terminated.get("finishedAt") or "",
        memory_limit=memory_limit,
    )


def _failure(status: dict[str, Any], conditions: dict[str, Any]) -> tuple[str, str, str] | None:
    if status.get("phase") != "Failed":
        return None
    ready = conditions.get("Ready") or {}
    since = ready.get("lastTransitionTime") or status.get("startTime") or ""
    return status.get("reason") or "Failed", (status.get("message") or "")[:LONGEST], since


def _unscheduled(condition: dict[str, Any]) -> tuple[str, str] | None:
    if condition.get("status") != "False":
        return None
    return condition.get("reason") or "", (condition.get("message") or "")[:LONGEST]


def _unready(condition: dict[str, Any]) -> tuple[str, str, float] | None:
    if condition.get("status") == "True":
        return None
    since = times.epoch(condition.get("lastTransitionTime")) or 0.0
    return condition.get("reason") or "", (condition.get("message") or "")[:LONGEST], since
