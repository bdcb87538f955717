"""What people and programs are told of a Formation: pure, from what one pass saw.

The status is a fixed point: seeing the same again gives the same status, which isn't written.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from formation_operator import conditions, exits, health, naming
from formation_operator.conditions import Condition
from formation_operator.counts import Count
from formation_operator.findings import Finding
from formation_operator.health import Health
from formation_operator.observed import Child
from formation_operator.pods import Pod
from formation_operator.reasons import BY_KUBELET, Reason, State, Trouble

Status = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Problem:
    """What stands in the way of one type, or of the whole Formation where no type is named."""

    process_type: str
    reason: str
    message: str
    lasting: bool = True
    """Whether waiting won't mend it."""

    def __str__(self) -> str:
        """Return the sentence for a condition's message."""
        return f"{self.process_type}: {self.message}" if self.process_type else self.message


@dataclasses.dataclass(frozen=True)
class Seen:
    """Everything that a pass saw of a Formation that it could read."""

    name: str
    generation: int
    counts: Mapping[str, Count]
    deployments: Mapping[str, Child]
    digests: Mapping[str, str]
    """The intent of each type that could be rendered."""
    images: Mapping[str, Mapping[str, str]]
    """The images that each type's intent asks for, by container."""
    problems: Sequence[Problem] = ()
    """What stands in the way of writing the children."""
    pods: Sequence[Pod] = ()
    """The Pods that aren't well."""
    findings: Mapping[str, Sequence[Finding]] = dataclasses.field(default_factory=dict)
    """What is wrong with them, by type."""
    suspended: bool = False
    paused: bool = False
    contended: Iterable[str] = ()
    """What several clients want of one count, in sentences."""
    daemonizing: Iterable[str] = ()
    """Whose command leaves the foreground, in sentences."""


def compute(seen: Seen, previous: Status, now: str) -> Status:
    """Return the status of a Formation; ``previous`` keeps the times that didn't change."""
    types = {name: _health(seen, name, _served(seen, name, previous)) for name in sorted(seen.counts)}
    before = previous.get("processes") or {}
    processes = {name: _process(seen, name, types[name], before.get(name) or {}) for name in types}
    status: Status = {
        "observedGeneration": seen.generation,
        "summary": " ".join(
            f"{name}={item['readyReplicas']}/{item['desiredReplicas']}" for name, item in processes.items()
        ),
        "processes": processes,
        "conditions": conditions.rendered(
            _conditions(seen, types), previous.get("conditions") or [], seen.generation, now
        ),
    }
    if "web" in processes:  # what the scale subresource reads
        web = seen.deployments.get("web")
        status["replicas"] = web.rollout.total if web else 0
        status["selector"] = processes["web"]["selector"]
    return status


def invalid(generation: int, message: str, previous: Status, now: str) -> Status:
    """Return the status of a Formation that can't be read: what ran before goes on running."""
    way_out = "nothing was changed; correct the field and apply again"
    text = f"{message}: {way_out}"
    wanted = [
        Condition(conditions.READY, Trouble.INVALID_SPEC, text, true=False),
        Condition(conditions.STALLED, Trouble.INVALID_SPEC, text),
    ]
    kept = {
        key: value
        for key, value in previous.items()
        if key in ("summary", "processes", "replicas", "selector")
    }
    before = previous.get("conditions") or []
    return {
        **kept,
        "observedGeneration": generation,
        "conditions": conditions.rendered(wanted, before, generation, now),
    }


def differs(wanted: Status, present: Status) -> bool:
    """Tell whether a status must be written: conditions that others added are none of ours."""
    ours = {item["type"] for item in wanted["conditions"]} | {
        conditions.READY,
        conditions.RECONCILING,
        conditions.STALLED,
        conditions.PAUSED,
        conditions.OVERRIDDEN,
        conditions.CONTENDED,
        conditions.DAEMONIZING,
    }
    shown = [item for item in present.get("conditions") or [] if item["type"] in ours]
    return {**present, "conditions": _by_type(shown)} != {
        **wanted,
        "conditions": _by_type(wanted["conditions"]),
    }


def _by_type(items: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {item["type"]: item for item in items}


def _served(seen: Seen, name: str, previous: Status) -> int | None:
    """Return how many processes of a type were ready while the Formation was, as it is now."""
    ready = conditions.find(previous, conditions.READY).get("status")
    if ready != "True" or previous.get("observedGeneration") != seen.generation:
        return None
    return ((previous.get("processes") or {}).get(name) or {}).get("readyReplicas")


def _health(seen: Seen, name: str, served: int | None) -> Health:
    """Return how a type is; one that can't be written as intended says what stands in the way."""
    own = _by_its_processes(seen, name, served)
    problem = next((each for each in seen.problems if each.process_type == name), None)
    if problem is None or own.reason != Reason.PROGRESSING:
        return own
    return dataclasses.replace(own, reason=problem.reason, message=problem.message, lasting=problem.lasting)


def _by_its_processes(seen: Seen, name: str, served: int | None) -> Health:
    child = seen.deployments.get(name)
    return health.health(
        seen.counts[name],
        child if child is not None and child.intent == seen.digests.get(name) else None,
        seen.findings.get(name, ()),
        suspended=seen.suspended,
        served=served,
    )


def _process(seen: Seen, name: str, own: Health, before: dict[str, Any]) -> dict[str, Any]:
    child = seen.deployments.get(name)
    autoscaler = seen.counts[name].autoscaler
    if child is not None and child.rollout.current:
        ready, updated = child.rollout.ready, child.rollout.updated
    elif child is not None:
        # The Deployment's figures are about an older spec of it: they say nothing yet.
        ready, updated = before.get("readyReplicas", 0), 0
    else:
        ready = updated = 0
    last = _last_exit(seen, name, before.get("lastExit"))
    return {
        "desiredReplicas": seen.counts[name].desired,
        "readyReplicas": ready,
        "updatedReplicas": updated,
        "selector": naming.selector_string(seen.name, name),
        "state": own.state,
        **({"reason": own.reason, "message": own.message} if own.reason else {}),
        "restarts": sum(pod.restarts for pod in seen.pods if pod.process_type == name),
        **({"lastExit": last} if last else {}),
        **({"replicasManagedBy": str(autoscaler)} if autoscaler else {}),
    }


def _last_exit(seen: Seen, name: str, before: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return how a process of a type ended last; the record outlives the Pod that it came from."""
    records = [exits.record_of(pod, name) for pod in seen.pods if pod.process_type == name]
    latest = max(filter(None, records), key=_moment, default=None)
    if latest is None:
        return before
    latest = _explained(latest, seen.findings.get(name, ()))
    ended, ended_before = _moment(latest)[0], _moment(before or {})[0]
    # Of two about the same moment the fresh one counts, unless it has forgotten who ended the process.
    knew_more = ended == ended_before and (before or {}).get("reason") in BY_KUBELET
    return before if ended_before > ended or knew_more else latest


def _explained(record: dict[str, Any], findings: Iterable[Finding]) -> dict[str, Any]:
    """Return the record of an exit with what only kubelet's Events tell: that it ended the process itself."""
    for each in findings:
        if each.own and each.reason in BY_KUBELET and each.last == record.get("finishedAt"):
            return {**record, "reason": each.reason, "message": each.message}
    return record


def _moment(record: dict[str, Any]) -> tuple[str, str]:
    """Return when an exit was; of several at once it is always the same one that comes last."""
    return record.get("finishedAt", ""), repr(sorted(record.items()))


def _conditions(seen: Seen, types: Mapping[str, Health]) -> list[Condition]:
    lasting = [problem for problem in seen.problems if problem.lasting]
    waiting = [problem for problem in seen.problems if not problem.lasting]
    excused = {problem.process_type for problem in seen.problems}
    for name, own in types.items():
        if not own.complete and name not in excused:
            problem = Problem(name, own.reason, own.message, lasting=own.lasting)
            (lasting if own.lasting else waiting).append(problem)
    return [*_readiness(seen, lasting, waiting), *_extra(seen)]


def _readiness(seen: Seen, lasting: list[Problem], waiting: list[Problem]) -> list[Condition]:
    text = "; ".join(map(str, [*lasting, *waiting]))
    if lasting:
        reason = lasting[0].reason
        return [
            Condition(conditions.READY, reason, text, true=False),
            Condition(conditions.STALLED, reason, text),
        ]
    if not waiting:
        return [Condition(conditions.READY, State.RUNNING, "all process types run as declared")]
    if seen.paused:
        return [Condition(conditions.READY, Trouble.PAUSED, text, true=False)]
    # Of several reasons the one that tells more than that something is under way.
    reason = next((each.reason for each in waiting if each.reason != Reason.PROGRESSING), Reason.PROGRESSING)
    return [
        Condition(conditions.READY, reason, text, true=False),
        Condition(conditions.RECONCILING, reason, text),
    ]


def _extra(seen: Seen) -> Iterable[Condition]:
    """Yield what else there is to say, whether or not the Formation is ready."""
    yield from _overridden(seen)
    contended = "; ".join(seen.contended)
    if contended:
        yield Condition(conditions.CONTENDED, "Autoscaler", contended)
    daemonizing = "; ".join(seen.daemonizing)
    if daemonizing:
        yield Condition(conditions.DAEMONIZING, "CommandLeavesForeground", daemonizing)
    if seen.paused:
        yield Condition(conditions.PAUSED, Trouble.PAUSED, "spec.paused is true: nothing is changed")


def _overridden(seen: Seen) -> Iterable[Condition]:
    """Yield a condition if something in the cluster rewrites what we write, and we let it be."""
    sentences = []
    for name, child in sorted(seen.deployments.items()):
        if child.intent != seen.digests.get(name):
            continue
        live = dict(child.images)
        sentences += [
            f"{name}: the cluster changes the image {image} of container {container} to {live[container]}"
            for container, image in sorted(seen.images.get(name, {}).items())
            if container in live and live[container] != image
        ]
        rendered = seen.counts[name].rendered if name in seen.counts else None
        if rendered is not None and child.replicas != rendered and child.owns_count:
            sentences.append(f"{name}: the cluster changes the count {rendered} to {child.replicas}")
    if sentences:
        yield Condition(conditions.OVERRIDDEN, "AdmissionPolicy", "; ".join(sentences))
