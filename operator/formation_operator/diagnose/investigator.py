"""Reads what explains the trouble of a Formation's Pods and isn't in their own status.

It makes two kinds of requests, and only while something is wrong. One reads the Events about a Pod whose
status doesn't explain its trouble. The other finds the Pods of a Deployment's present version, since a
failing old one says nothing about it. Answers are kept while nothing changes. Kubelet may record other
Events although the Pod stays the same, so these are read again, after a pause that doubles.

A pass requests, reads and keeps only a little, however many Pods there are, and however many Events a tenant
has recorded about them. If many Pods have the same trouble, only a few are examined, and their findings apply
to the others. After every few Pods it yields to other tasks.
"""

import asyncio
import collections
import dataclasses
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from operator import attrgetter

from formation_operator.api.reasons import State
from formation_operator.backoff import Attempt, attempt
from formation_operator.diagnose import diagnosis, pod_events
from formation_operator.diagnose.finding import Finding
from formation_operator.diagnose.pod_events import Events, PodEvent
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import Cluster, Object, events_of, first_objects
from formation_operator.observe.children import Child
from formation_operator.observe.faults import Faults
from formation_operator.observe.pods import TEMPLATE_LABEL, Pod
from formation_operator.observe.rollouts import ROLLOUT_ANNOTATION
from formation_operator.shares import Shares, size_of

logger = logging.getLogger(__name__)
MOST_ANSWERS = 32 * 2**20
"""Bytes of memory that the answers about all Pods may take; dropped ones are read again after their
pause."""
CONTAINERS_IN_A_STEP = 64
"""Containers that are looked at before this yields to other tasks; a single Pod may have as many."""
FEW = 3
"""How many Pods are examined of those of one type that look alike by their own status."""
MOST_PODS = 24
"""How many Pods' Events a pass reads; the next pass reads those of other Pods."""
PAGES_OF_EVENTS, PAGES_OF_REPLICA_SETS = 3, 12
"""How many pages of an answer are read: kubelet records some dozens of Events about a Pod, and a Deployment
keeps ten ReplicaSets, of which a page may have only one."""
FIRST_DELAY, LONGEST_DELAY = 5.0, 300.0
"""Seconds until the Events about a Pod are read again."""
ANY, NONE, UNFOUND = "*", "?", "!"
"""Instead of a template's hash: all Pods have the present template; there is none yet, and a change of the
Deployment will follow; its ReplicaSet couldn't be found. No label can have these values."""
UNFOUND_DELAY = 15.0
"""Seconds until a ReplicaSet that couldn't be found is looked for again: no event announces it."""
Answer = Attempt[Events]
"""The Events about a Pod that had a fingerprint."""


@dataclasses.dataclass(slots=True, eq=False)
class Evidence:
    """What was read about a Formation's Pods, as long as some aren't well."""

    namespace: str = ""
    answers: dict[str, Answer] = dataclasses.field(default_factory=dict)
    """By uid of a Pod."""
    templates: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    """By process type: a revision of its Deployment, and the hash of that revision's template."""
    over: bool = False
    """Whether its Formation is gone, so that the answers of a pass under way aren't kept."""


@dataclasses.dataclass(frozen=True)
class Examination:
    """The trouble of a Formation's Pods, by process type."""

    findings: Mapping[str, list[Finding]]
    pods: Mapping[str, list[Pod]]
    again_in: float | None
    """Seconds after which it may be different although no event comes."""
    of_jobs: Mapping[str, list[Finding]] = dataclasses.field(default_factory=dict)
    """The same of the Pods of Jobs, by the name of the Job."""


class Examiner:
    """Finds out what is wrong with Pods, with requests where their own status isn't enough."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._held: Shares[tuple[Evidence, str], None] = Shares(MOST_ANSWERS)
        """Every answer, by the evidence that has it and the uid of its Pod."""

    def forget(self, evidence: Evidence) -> None:
        """Drop all answers about the Pods of a Formation that is gone, and keep no later ones."""
        self._keep(evidence, {}, {})
        evidence.over = True

    def _keep(self, evidence: Evidence, kept: dict[str, Answer], fresh: Mapping[str, Answer]) -> None:
        """Set the answers of an evidence to some earlier and some fresh ones, within the bound."""
        for uid in evidence.answers.keys() - kept:
            self._held.pop(evidence.namespace, (evidence, uid))
        evidence.answers = {**kept, **fresh}
        for uid, answer in {} if evidence.over else fresh.items():
            identity = (evidence, uid)
            for _, (other, pod) in self._held.put(evidence.namespace, identity, None, size_of(answer)):
                if pod in other.answers:  # the time of the next read stays
                    other.answers[pod] = dataclasses.replace(other.answers[pod], found=())

    async def examine(
        self,
        evidence: Evidence,
        deployments: Mapping[str, Child],
        pods: Sequence[Pod],
        now: float,
        faults: Faults,
    ) -> Examination:
        """Return what is wrong with the Pods of a Formation; ``now`` is in seconds since 1970."""
        if not pods:
            self._keep(evidence, {}, {})
            evidence.templates = {}
            return Examination({}, {}, None)
        evidence.namespace = pods[0].namespace
        present, waits = await self._present(evidence, deployments, pods)
        by_pod = await self._findings(evidence, present, now, faults, waits)
        async for pod in in_turns(pods):
            try:
                waits.append(diagnosis.changes_in(pod, now))
            except Exception as error:
                faults.note(pod.process_type, error)
        findings = dict[str, list[Finding]]()
        of_jobs = dict[str, list[Finding]]()
        for pod in present:
            if own := by_pod.get(pod.name):
                into, name = (of_jobs, pod.job) if pod.job else (findings, pod.process_type)
                into.setdefault(name, []).append(own)
        again_in = min((wait for wait in waits if wait is not None), default=None)
        return Examination(findings, grouped(pods, attrgetter("process_type")), again_in, of_jobs)

    async def _findings(
        self, evidence: Evidence, pods: Sequence[Pod], now: float, faults: Faults, waits: list[float | None]
    ) -> dict[str, Finding | None]:
        """Return what is wrong with these Pods; add to ``waits`` the seconds until it may be different."""
        findings: dict[str, Finding | None] = {}
        silent: dict[tuple[str, State | None, str], list[Pod]] = collections.defaultdict(list)
        async for pod in in_turns(pods):
            try:
                own = findings[pod.name] = diagnosis.finding(pod, now)
                if diagnosis.needs_events(pod, now, own):
                    state, reason = (own.state, own.reason) if own else (None, "")
                    silent[pod.process_type, state, reason].append(pod)
            except Exception as error:
                faults.note(pod.process_type, error)
        few = [pod for alike in silent.values() for pod in alike[:FEW]]
        more = await self._read_events(evidence, few, now)
        for (process_type, *_), alike in silent.items():
            try:
                await explain(alike, findings, evidence.answers, now)
            except Exception as error:
                faults.note(process_type, error)
        waits += [answer.at + answer.delay - now for answer in evidence.answers.values()]
        waits += [FIRST_DELAY] if more else []
        return findings

    async def _read_events(self, evidence: Evidence, pods: Sequence[Pod], now: float) -> bool:
        """Read the Events about Pods that are due; return whether some have to wait for the next pass."""
        before = evidence.answers
        due = [
            pod
            async for pod in in_turns(pods)
            if pod.uid not in before or not before[pod.uid].remaining(hash(pod), now)
        ]
        # Pods whose Events were read the longest time ago come first.
        due.sort(key=lambda pod: before[pod.uid].at if pod.uid in before else 0.0)
        fresh = dict[str, Answer]()
        for pod in due[:MOST_PODS]:
            events, is_read = await self._events(pod)
            earlier = before.get(pod.uid)
            found = pod_events.with_earlier(events, earlier.found if earlier is not None else ())
            fresh[pod.uid] = attempt(earlier, hash(pod), found, now, (FIRST_DELAY, LONGEST_DELAY))
            if not is_read:
                break  # or a pass would wait as often for no answer, and counts with it
        kept = {pod.uid: before[pod.uid] for pod in pods if pod.uid in before}
        self._keep(evidence, kept, fresh)
        return len(due) > len(fresh)

    async def _events(self, pod: Pod) -> tuple[list[PodEvent], bool]:
        """Return the Events about a Pod that matter, and whether they could be read."""
        raws = events_of(self._cluster, pod.namespace, pod.uid, PAGES_OF_EVENTS)
        try:
            return [pod_events.pod_event(raw) async for raw in raws if pod_events.matters(raw)], True
        except errors.ClusterError as error:
            logger.warning("The Events about Pod %s/%s can't be read: %s", pod.namespace, pod.name, error)
            return [], False

    async def _present(
        self, evidence: Evidence, deployments: Mapping[str, Child], pods: Sequence[Pod]
    ) -> tuple[list[Pod], list[float | None]]:
        """Return the Pods of each Deployment's present version, and those of Jobs, in a stable order.

        The second value is after how many seconds to look again for a version that couldn't be found.
        """
        types = sorted({(pod.process_type, pod.selector) for pod in pods if not pod.job})
        templates = {name: UNFOUND for name, _ in types}
        try:
            for name, labels in types:
                templates[name] = await self._template(evidence, name, labels, deployments.get(name))
        except errors.ClusterError as error:  # the others wait, too, or a pass would wait as often
            logger.warning("ReplicaSets in %s can't be read: %s", evidence.namespace, error)
        present = [pod for pod in pods if pod.job or templates[pod.process_type] in (pod.template, ANY)]
        present.sort(key=lambda pod: (pod.created, pod.name))
        return present, [UNFOUND_DELAY] if UNFOUND in templates.values() else []

    async def _template(self, evidence: Evidence, name: str, labels: str, child: Child | None) -> str:
        """Return the hash of a Deployment's present template; ANY if no Pod has another one."""
        if child is None or not child.rollout.current:
            return NONE
        if child.rollout.updated == child.rollout.total > 0:
            return ANY
        revision, template = evidence.templates.get(name, ("", ""))
        identity = f"{child.uid}/{child.rollout.revision}"
        if revision != identity:
            template = await self._hash(child, labels)
            if template != UNFOUND:
                evidence.templates[name] = (identity, template)
        return template

    async def _hash(self, child: Child, labels: str) -> str:
        its = self._cluster.select(kinds.REPLICA_SET, child.namespace, labels=labels)
        async for raw in first_objects(its, PAGES_OF_REPLICA_SETS):
            if is_present(raw, child):
                return lenient.text(lenient.mapping(raw, "metadata", "labels"), TEMPLATE_LABEL) or UNFOUND
        return UNFOUND


async def in_turns(pods: Iterable[Pod]) -> AsyncIterator[Pod]:
    """Yield Pods, and yield to other tasks after every few containers."""
    looked_at = 0
    for pod in pods:
        containers = max(1, len(pod.containers))
        looked_at += containers
        if looked_at > CONTAINERS_IN_A_STEP:
            looked_at = containers
            await asyncio.sleep(0)
        yield pod


async def explain(
    alike: Sequence[Pod], by_pod: dict[str, Finding | None], answers: Mapping[str, Answer], now: float
) -> None:
    """Update the findings about Pods that look alike after the Events about the first of them were read.

    The most frequent one applies to the others.
    """
    findings = []
    async for pod in in_turns(alike[:FEW]):
        events = answers[pod.uid].found if pod.uid in answers else ()
        by_pod[pod.name] = diagnosis.finding(pod, now, events)
        findings.append(by_pod[pod.name])
    often = collections.Counter(each and (each.state, each.reason) for each in findings)
    likely = max(findings, key=lambda each: often[each and (each.state, each.reason)])
    async for pod in in_turns(alike[FEW:]):
        own = by_pod[pod.name]
        by_pod[pod.name] = likely and dataclasses.replace(
            likely, last=own.last if own else likely.last, restarts=pod.restarts
        )


def grouped(pods: Iterable[Pod], name_of: Callable[[Pod], str]) -> dict[str, list[Pod]]:
    """Return Pods by what a function names for each, such as its type."""
    groups: dict[str, list[Pod]] = {}
    for pod in pods:
        groups.setdefault(name_of(pod), []).append(pod)
    return groups


def is_present(replica_set: Object, child: Child) -> bool:
    """Return whether a ReplicaSet is the one that a Deployment has now."""
    metadata = lenient.mapping(replica_set, "metadata")
    revision = lenient.mapping(metadata, "annotations").get(ROLLOUT_ANNOTATION)
    owners = (owner.get("uid") for owner in lenient.items(metadata, "ownerReferences"))
    return revision == child.rollout.revision and child.uid in owners
