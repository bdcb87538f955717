"""What people and programs are told of a Formation: pure, from what one pass saw.

The status is a fixed point: seeing the same again gives the same status, which isn't written.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from formation_operator import conditions, naming
from formation_operator.conditions import Condition
from formation_operator.counts import Count
from formation_operator.observed import Child, Pod

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
    problems: Iterable[Problem] = ()
    pods: Iterable[Pod] = ()
    paused: bool = False
    contended: Iterable[str] = ()
    """What several clients want of one count, in sentences."""


def compute(seen: Seen, previous: Status, now: str) -> Status:
    """Return the status of a Formation; ``previous`` keeps the times that didn't change."""
    processes = {name: _process(seen, name, previous) for name in sorted(seen.counts)}
    status: Status = {
        "observedGeneration": seen.generation,
        "summary": " ".join(
            f"{name}={item['readyReplicas']}/{item['desiredReplicas']}" for name, item in processes.items()
        ),
        "processes": processes,
        "conditions": conditions.rendered(
            _conditions(seen), previous.get("conditions") or [], seen.generation, now
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
        Condition(conditions.READY, "InvalidSpec", text, true=False),
        Condition(conditions.STALLED, "InvalidSpec", text),
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
    }
    shown = [item for item in present.get("conditions") or [] if item["type"] in ours]
    return {**present, "conditions": _by_type(shown)} != {
        **wanted,
        "conditions": _by_type(wanted["conditions"]),
    }


def _by_type(items: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {item["type"]: item for item in items}


def _process(seen: Seen, name: str, previous: Status) -> dict[str, Any]:
    child = seen.deployments.get(name)
    autoscaler = seen.counts[name].autoscaler
    before = (previous.get("processes") or {}).get(name) or {}
    if child is not None and child.rollout.current:
        ready, updated = child.rollout.ready, child.rollout.updated
    elif child is not None:
        # The Deployment's figures are about an older spec of it: they say nothing yet.
        ready, updated = before.get("readyReplicas", 0), 0
    else:
        ready = updated = 0
    return {
        "desiredReplicas": seen.counts[name].desired,
        "readyReplicas": ready,
        "updatedReplicas": updated,
        "selector": naming.selector_string(seen.name, name),
        **({"replicasManagedBy": str(autoscaler)} if autoscaler else {}),
    }


def _conditions(seen: Seen) -> list[Condition]:
    found = [*seen.problems, *_deployment_problems(seen), *_pod_problems(seen)]
    lasting = [problem for problem in found if problem.lasting]
    waiting = [str(problem) for problem in found if not problem.lasting]
    unready = [*waiting, *_unready(seen, {problem.process_type for problem in found})]
    extra = [*_overridden(seen)]
    contended = "; ".join(seen.contended)
    if contended:
        extra.append(Condition(conditions.CONTENDED, "Autoscaler", contended))
    if seen.paused:
        extra.append(Condition(conditions.PAUSED, "Paused", "spec.paused is true: nothing is changed"))
    if lasting:
        text = "; ".join(map(str, [*lasting, *unready]))
        reason = lasting[0].reason
        return [
            Condition(conditions.READY, reason, text, true=False),
            Condition(conditions.STALLED, reason, text),
            *extra,
        ]
    if not unready:
        return [Condition(conditions.READY, "Running", "all process types run as declared"), *extra]
    text = "; ".join(unready)
    if seen.paused:
        return [Condition(conditions.READY, "Paused", text, true=False), *extra]
    return [
        Condition(conditions.READY, "Progressing", text, true=False),
        Condition(conditions.RECONCILING, "Progressing", text),
        *extra,
    ]


def _unready(seen: Seen, excused: set[str]) -> list[str]:
    """Return a sentence for each type that doesn't run as declared yet."""
    sentences = []
    for name, count in sorted(seen.counts.items()):
        if name in excused:
            continue
        child = seen.deployments.get(name)
        if child is None or not child.rollout.current or child.intent != seen.digests.get(name):
            sentences.append(f"{name}: the rollout is about to begin")
        elif not _complete(count, child):
            sentences.append(_progress(name, count, child))
    return sentences


def _complete(count: Count, child: Child) -> bool:
    rollout = child.rollout
    if count.rendered is None:
        # Somebody else's count moves by itself: as long as enough Pods serve, nothing is wrong.
        return rollout.serving and rollout.updated >= rollout.total
    return rollout.updated == rollout.total == count.desired and rollout.available >= count.desired


def _progress(name: str, count: Count, child: Child) -> str:
    rollout = child.rollout
    old = rollout.total - rollout.updated
    if old > 0:
        return f"{name}: {rollout.updated} of {count.desired} updated, {old} old still running"
    if rollout.total > count.desired:
        return f"{name}: {rollout.total} running, {count.desired} wanted"
    return f"{name}: {rollout.available} of {count.desired} available"


def _deployment_problems(seen: Seen) -> Iterable[Problem]:
    for name, child in sorted(seen.deployments.items()):
        if not child.rollout.current:
            continue
        if child.rollout.blocked:
            yield Problem(name, "ReplicaFailure", child.rollout.blocked)
        elif child.rollout.stuck:
            yield Problem(name, "ProgressDeadlineExceeded", child.rollout.stuck)


def _pod_problems(seen: Seen) -> Iterable[Problem]:
    told = set()
    for pod in sorted(seen.pods, key=lambda pod: pod.name):
        if pod.process_type in seen.counts and pod.process_type not in told:
            told.add(pod.process_type)
            yield explain_refusal(pod.process_type, pod.refusal)


def explain_refusal(process_type: str, refusal: str) -> Problem:
    """Return kubelet's refusal to start a container, with the one-line fix where there is one.

    The two texts about users are kubelet's own (pkg/kubelet/kuberuntime/security_context.go).
    """
    option = "or spec.securityDefaults: none to run it as it is"
    user = "podTemplate: {spec: {securityContext: {runAsUser: 1000}}}"
    if "non-numeric user" in refusal:
        fix = (
            f"the image names its user by a word: set USER to a number in the Dockerfile, or {user}, {option}"
        )
        return Problem(process_type, "ImageUserNotNumeric", fix)
    if "run as root" in refusal:
        fix = f"the image runs as root: set USER 1000 in the Dockerfile, or {user}, {option}"
        return Problem(process_type, "ImageUserIsRoot", fix)
    return Problem(process_type, "ContainerConfigError", refusal, lasting=False)


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
