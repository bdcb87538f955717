"""What has to be asked of the cluster before the trouble of a Formation's Pods can be explained.

Two questions, and only while something is wrong: what kubelet recorded about a Pod whose own status
doesn't tell (see `diagnosis.needs_events`), and which Pods belong to the present version of a
Deployment, since a failing old version says nothing about the new one.  Answers are remembered while
nothing changes.  What kubelet recorded may become another without a change of the Pod, so that is
asked again, after a pause that doubles.
"""

import dataclasses
import logging
from collections.abc import Iterable, Mapping, Sequence

from formation_operator import diagnosis, errors, naming, reading, times
from formation_operator.cluster import Cluster, Object
from formation_operator.findings import Finding, Told
from formation_operator.observed import REVISION_ANNOTATION, Child
from formation_operator.pods import Pod

logger = logging.getLogger(__name__)
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 300.0
LONGEST_MESSAGE = 600
KILLING = "Killing"
"""What kubelet records when it ends a container itself: no warning, but a cause."""
COMBINED = "(combined from similar events): "
"""What client-go puts before the latest of many Events about an object."""
ANY, NONE = "*", "?"
"""In place of a template's hash: all Pods have the present one; it isn't known. No label can be either."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """What was recorded about a Pod when it was as ``pod`` says."""

    pod: Pod
    events: tuple[Told, ...]
    asked_at: float
    pause: float


@dataclasses.dataclass(frozen=True)
class Examined:
    """The trouble of a Formation's Pods, by process type."""

    findings: Mapping[str, list[Finding]]
    pods: Sequence[Pod]
    again_in: float | None
    """Seconds after which it may be different although nothing is heard."""


class Examiner:
    """Asks, and remembers the answers."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._answers: dict[str, dict[str, Answer]] = {}
        self._templates: dict[str, dict[str, tuple[str, str]]] = {}

    def forget(self, uid: str) -> None:
        """Drop what is remembered of a Formation that is gone."""
        self._answers.pop(uid, None)
        self._templates.pop(uid, None)

    async def examine(
        self, uid: str, deployments: Mapping[str, Child], pods: Iterable[Pod], now: float
    ) -> Examined:
        """Return what is wrong with the Pods of a Formation of a uid; ``now`` is in seconds since 1970."""
        known = list(pods)
        if not known:
            self.forget(uid)
            return Examined({}, (), None)
        findings: dict[str, list[Finding]] = {}
        answers: dict[str, Answer] = {}
        for pod in await self._present(uid, deployments, known):
            answer = await self._answer(uid, pod, now)
            if answer is not None:
                answers[pod.uid] = answer
            found = diagnosis.finding(pod, now, answer.events if answer else ())
            if found is not None:
                findings.setdefault(pod.process_type, []).append(found)
        self._answers[uid] = answers
        waits = [diagnosis.changes_in(pod, now) for pod in known]
        waits += [answer.asked_at + answer.pause - now for answer in answers.values()]
        return Examined(findings, known, min((wait for wait in waits if wait is not None), default=None))

    async def _answer(self, uid: str, pod: Pod, now: float) -> Answer | None:
        if not diagnosis.needs_events(pod, now):
            return None
        before = self._answers.get(uid, {}).get(pod.uid)
        same = before is not None and pod.same_as(before.pod)
        if before is not None and same and now < before.asked_at + before.pause:
            return before
        pause = min(LONGEST_PAUSE, 2 * before.pause) if before is not None and same else FIRST_PAUSE
        return Answer(pod, with_earlier(await self._events(pod), before), now, pause)

    async def _events(self, pod: Pod) -> tuple[Told, ...]:
        try:
            found = await self._cluster.select("Event", pod.namespace, fields=f"regarding.uid={pod.uid}")
        except errors.ClusterError as error:
            logger.warning("The Events about Pod %s/%s can't be read: %s", pod.namespace, pod.name, error)
            return ()
        return tuple(
            told(item) for item in found if item.get("type") == "Warning" or item.get("reason") == KILLING
        )

    # Which version of the pod template

    async def _present(self, uid: str, deployments: Mapping[str, Child], pods: list[Pod]) -> list[Pod]:
        """Return the Pods of each Deployment's present version, in a lasting order."""
        templates = {
            name: await self._template(uid, name, deployments.get(name))
            for name in sorted({pod.process_type for pod in pods})
        }
        present = [pod for pod in pods if templates[pod.process_type] in (pod.template, ANY)]
        return sorted(present, key=lambda pod: (pod.created, pod.name))

    async def _template(self, uid: str, name: str, child: Child | None) -> str:
        """Return the hash of a Deployment's present template; ANY where there is no other."""
        if child is None or not child.rollout.current:
            return NONE
        if child.rollout.updated == child.rollout.total > 0:
            return ANY
        revision, template = self._templates.get(uid, {}).get(name, ("", ""))
        identity = f"{child.uid}/{child.rollout.revision}"
        if revision != identity:
            template = await self._hash(child)
            if template != NONE:
                self._templates.setdefault(uid, {})[name] = (identity, template)
        return template

    async def _hash(self, child: Child) -> str:
        labels = naming.selector_string(child.formation or "", child.process_type or "")
        try:
            found = await self._cluster.select("ReplicaSet", child.namespace, labels=labels)
        except errors.ClusterError as error:
            logger.warning("The ReplicaSets of %s/%s can't be read: %s", child.namespace, child.name, error)
            return NONE
        return next((template_of(item) for item in found if is_present(item, child)), NONE)


def with_earlier(events: tuple[Told, ...], before: Answer | None) -> tuple[Told, ...]:
    """Return Events with what was recorded earlier of kubelet's ending the same containers.

    In a long loop kubelet keeps quiet about it for longer than the API server keeps an Event.
    """
    present = {each.message for each in events}
    earlier = before.events if before else ()
    return (*events, *(each for each in earlier if each.reason == KILLING and each.message not in present))


def is_present(replica_set: Object, child: Child) -> bool:
    """Tell whether a ReplicaSet is the one that a Deployment has now."""
    metadata = reading.mapping(replica_set, "metadata")
    owners = {reading.text(owner, "uid") for owner in reading.items(metadata, "ownerReferences")}
    revision = reading.mapping(metadata, "annotations").get(REVISION_ANNOTATION)
    return child.uid in owners and revision == child.rollout.revision


def template_of(replica_set: Object) -> str:
    """Return the hash that a ReplicaSet's Pods carry as a label."""
    return reading.text(reading.mapping(replica_set, "metadata", "labels"), "pod-template-hash") or NONE


def told(event: Object) -> Told:
    """Return the facts of an Event; kubelet still records the older kind, which has other fields."""
    last = (
        reading.text(reading.mapping(event, "series"), "lastObservedTime")
        or reading.text(event, "deprecatedLastTimestamp")
        or reading.text(event, "eventTime")
        or reading.text(reading.mapping(event, "metadata"), "creationTimestamp")
    )
    message = reading.text(event, "note").removeprefix(COMBINED)[:LONGEST_MESSAGE]
    # Such as spec.initContainers{proxy}.
    container = reading.text(reading.mapping(event, "regarding"), "fieldPath").partition("{")[2].rstrip("}")
    return Told(reading.text(event, "reason") or "Unknown", message, times.epoch(last) or 0.0, container)
