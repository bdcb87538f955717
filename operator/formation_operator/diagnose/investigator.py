"""Reads what explains the trouble of a Formation's Pods and isn't in their own status.

It makes two kinds of requests, and only while something is wrong. One reads the Events about a Pod whose
status doesn't explain its trouble (see `diagnosis.needs_events`). The other finds the Pods of a Deployment's
present version, since a failing old version says nothing about the new one. Answers are kept while nothing
changes. Kubelet may record other Events although the Pod stays the same, so these are read again, after a
pause that doubles.

A pass requests, reads and keeps only a little, however many Pods there are, and however many Events a tenant
has recorded about them. After every few Pods it yields to other tasks.
"""

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from formation_operator.api import naming
from formation_operator.backoff import doubled
from formation_operator.diagnose import diagnosis, pod_events, samples
from formation_operator.diagnose.evidence import Archive, Evidence, Inquiry
from formation_operator.diagnose.finding import Finding, PodEvent
from formation_operator.diagnose.samples import Sample
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import Cluster, Object
from formation_operator.observe.children import Child
from formation_operator.observe.faults import Faults
from formation_operator.observe.pods import TEMPLATE_LABEL, Pod
from formation_operator.observe.rollouts import ROLLOUT_ANNOTATION

T = TypeVar("T")
CONTAINERS_IN_A_STEP = 64
"""Containers that are looked at before this yields to other tasks; a single Pod may have as many."""
logger = logging.getLogger(__name__)
MOST_PODS = 24
"""How many Pods' Events a pass reads; the next pass reads those of other Pods."""
SIDE_BY_SIDE = 4
"""How many requests of a pass run at the same time."""
PAGES = {kinds.EVENT: 3, kinds.REPLICA_SET: 12}
"""How many pages of an answer are read: kubelet records some dozens of Events about a Pod, and a Deployment
keeps ten ReplicaSets, of which a page may have only one."""
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 300.0
ANY, NONE, UNFOUND = "*", "?", "!"
"""Instead of a template's hash: all Pods have the present template; there is none yet, and a change of the
Deployment will follow; its ReplicaSet couldn't be found. No label can have these values."""
UNFOUND_PAUSE = 15.0
"""Seconds until a ReplicaSet that couldn't be found is looked for again: no event announces it."""


@dataclasses.dataclass(frozen=True)
class Examined:
    """The trouble of a Formation's Pods, by process type."""

    findings: Mapping[str, list[Finding]]
    pods: Mapping[str, list[Pod]]
    again_in: float | None
    """Seconds after which it may be different although no event comes."""
    of_runs: Mapping[str, list[Finding]] = dataclasses.field(default_factory=dict)
    """The same of the Pods of Jobs, by the name of the Job."""


class Examiner:
    """Finds out what is wrong with Pods, with requests where their own status isn't enough."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._archive = Archive()

    def forget(self, evidence: Evidence) -> None:
        """Drop all answers about the Pods of a Formation that is gone, and keep no later ones."""
        self._archive.forget(evidence)

    async def examine(
        self,
        evidence: Evidence,
        deployments: Mapping[str, Child],
        pods: Sequence[Pod],
        now: float,
        faults: Faults,
    ) -> Examined:
        """Return what is wrong with the Pods of a Formation; ``now`` is in seconds since 1970."""
        if not pods:
            self._archive.keep(evidence, {}, ())
            evidence.templates = {}
            return Examined({}, {}, None)
        present, unfound = await self._present(evidence, deployments, pods)
        found, again = await self._findings(evidence, present, pods, now, faults)
        waits = [again, UNFOUND_PAUSE if unfound else None]
        findings, of_runs = dict[str, list[Finding]](), dict[str, list[Finding]]()
        for pod in present:
            if own := found.get(pod.name):
                into, name = (of_runs, pod.job) if pod.job else (findings, pod.process_type)
                into.setdefault(name, []).append(own)
        return Examined(findings, by_type(pods), _soonest(waits), of_runs)

    async def _findings(
        self, evidence: Evidence, present: Sequence[Pod], pods: Sequence[Pod], now: float, faults: Faults
    ) -> tuple[dict[str, Finding | None], float | None]:
        """Return what is wrong with some of these Pods, and the seconds until it may be different."""
        found: dict[str, Finding | None] = {}
        silent = []
        async for pod in in_turns(present):
            with faults.confined_to(pod.process_type):
                own = found[pod.name] = diagnosis.finding(pod, now)
                silent += [pod] if diagnosis.needs_events(pod, now, own) else []
        unclear = samples.samples(silent, found)
        more = await self._read_events(evidence, [pod for sample in unclear for pod in sample.examined], now)
        for sample in unclear:
            with faults.confined_to(sample.examined[0].process_type):
                await explain(sample, found, evidence.answers, now)
        waits: list[float | None] = []
        async for pod in in_turns(pods):
            with faults.confined_to(pod.process_type):
                waits.append(diagnosis.changes_in(pod, now))
        waits += [answer.read_at + answer.pause - now for answer in evidence.answers.values()]
        waits += [FIRST_PAUSE] if more else []
        return found, _soonest(waits)

    async def _read_events(self, evidence: Evidence, pods: Sequence[Pod], now: float) -> bool:
        """Read the Events about Pods that are due; return whether some have to wait for the next pass."""
        before = evidence.answers
        due = [
            pod
            async for pod in in_turns(pods)
            if pod.uid not in before or not before[pod.uid].holds(pod, now)
        ]
        # Pods whose Events were read the longest time ago come first.
        due.sort(key=lambda pod: before[pod.uid].read_at if pod.uid in before else 0.0)
        chosen = due[:MOST_PODS]
        fresh = await side_by_side([self._answer(pod, before.get(pod.uid), now) for pod in chosen])
        kept = {pod.uid: before[pod.uid] for pod in pods if pod.uid in before}
        self._archive.keep(evidence, kept, fresh)
        return len(due) > len(chosen)

    async def _answer(self, pod: Pod, before: Inquiry | None, now: float) -> Inquiry:
        same = before if before is not None and hash(pod) == before.fingerprint else None
        pause = doubled(same.pause if same else None, FIRST_PAUSE, LONGEST_PAUSE)
        earlier = before.events if before is not None else ()
        events = pod_events.with_earlier(await self._events(pod), earlier)
        return Inquiry(pod.namespace, pod.uid, hash(pod), events, now, pause)

    async def _events(self, pod: Pod) -> tuple[PodEvent, ...]:
        found: list[PodEvent] = []
        try:
            async for items in self._read(kinds.EVENT, pod.namespace, fields=f"regarding.uid={pod.uid}"):
                found += map(pod_events.pod_event, filter(pod_events.matters, items))
        except errors.ClusterError as error:
            logger.warning("The Events about Pod %s/%s can't be read: %s", pod.namespace, pod.name, error)
            return ()
        return tuple(found)

    # Which version of the pod template

    async def _present(
        self, evidence: Evidence, deployments: Mapping[str, Child], pods: Sequence[Pod]
    ) -> tuple[list[Pod], bool]:
        """Return the Pods of each Deployment's present version, and those of Jobs, in a stable order.

        The second value is whether one of these versions couldn't be found.
        """
        types = sorted({(pod.process_type, pod.formation) for pod in pods if not pod.job})
        found = await side_by_side(
            [self._template(evidence, *each, deployments.get(each[0])) for each in types]
        )
        templates = {name: template for (name, _), template in zip(types, found, strict=True)}
        present = [pod for pod in pods if pod.job or templates[pod.process_type] in (pod.template, ANY)]
        return sorted(present, key=lambda pod: (pod.created, pod.name)), UNFOUND in found

    async def _template(self, evidence: Evidence, name: str, formation: str, child: Child | None) -> str:
        """Return the hash of a Deployment's present template; ANY if no Pod has another one."""
        if child is None or not child.rollout.current:
            return NONE
        if child.rollout.updated == child.rollout.total > 0:
            return ANY
        revision, template = evidence.templates.get(name, ("", ""))
        identity = f"{child.uid}/{child.rollout.revision}"
        if revision != identity:
            template = await self._hash(child, naming.selector_string(formation, name))
            if template != UNFOUND:
                evidence.templates[name] = (identity, template)
        return template

    async def _hash(self, child: Child, labels: str) -> str:
        try:
            async for items in self._read(kinds.REPLICA_SET, child.namespace, labels=labels):
                for item in items:
                    if is_present(item, child):
                        return template_of(item)
        except errors.ClusterError as error:
            logger.warning("The ReplicaSets of %s/%s can't be read: %s", child.namespace, child.name, error)
        return UNFOUND

    async def _read(self, kind: str, namespace: str, **selectors: str) -> AsyncIterator[list[Object]]:
        """Yield the first pages of an answer: tenants may have created any number of such objects."""
        pages = 0
        async for items in self._cluster.select(kind, namespace, **selectors):
            yield items
            pages += 1
            if pages == PAGES[kind]:
                return


def _soonest(waits: Iterable[float | None]) -> float | None:
    return min((wait for wait in waits if wait is not None), default=None)


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
    sample: Sample, found: dict[str, Finding | None], answers: Mapping[str, Inquiry], now: float
) -> None:
    """Update the findings about the Pods of a sample after the Events about some of them were read."""
    findings = []
    async for pod in in_turns(sample.examined):
        found[pod.name] = diagnosis.finding(pod, now, answers[pod.uid].events if pod.uid in answers else ())
        findings.append(found[pod.name])
    async for pod in in_turns(sample.others):
        found[pod.name] = samples.spoken_for(pod, found[pod.name], findings)


async def side_by_side(requests: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Return the results of all requests, of which only a few run at the same time."""
    slots = asyncio.Semaphore(SIDE_BY_SIDE)

    async def limited(request: Coroutine[Any, Any, T]) -> T:
        async with slots:
            return await request

    return await asyncio.gather(*map(limited, requests))


def by_type(pods: Iterable[Pod]) -> dict[str, list[Pod]]:
    """Return Pods by type."""
    sorted_out: dict[str, list[Pod]] = {}
    for pod in pods:
        sorted_out.setdefault(pod.process_type, []).append(pod)
    return sorted_out


def is_present(replica_set: Object, child: Child) -> bool:
    """Return whether a ReplicaSet is the one that a Deployment has now."""
    metadata = lenient.mapping(replica_set, "metadata")
    owners = {lenient.text(owner, "uid") for owner in lenient.items(metadata, "ownerReferences")}
    revision = lenient.mapping(metadata, "annotations").get(ROLLOUT_ANNOTATION)
    return child.uid in owners and revision == child.rollout.revision


def template_of(replica_set: Object) -> str:
    """Return the hash that a ReplicaSet's Pods carry as a label."""
    return lenient.text(lenient.mapping(replica_set, "metadata", "labels"), TEMPLATE_LABEL) or UNFOUND
