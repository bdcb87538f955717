"""The kinds that are watched: a record of functions for each.

Another kind needs a record here, a module of facts beside this one, and the right to list and watch it.
"""

import dataclasses
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, TypeVar

from formation_operator.api import naming
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import ChildKind, Key, Kind
from formation_operator.observe import autoscalers, children, formations, jobs, pods
from formation_operator.observe.autoscalers import Autoscaler
from formation_operator.observe.children import Child
from formation_operator.observe.formations import Wanting
from formation_operator.observe.jobs import Job
from formation_operator.observe.pods import Pod
from formation_operator.observe.store import Change
from formation_operator.requeue import Lane

Fact = TypeVar("Fact")


@dataclasses.dataclass(frozen=True, eq=False)
class Share:
    """Memory for the objects of one kind, or of several that have the same share.

    Namespaces share it, so that none displaces the objects of another.
    """

    most: int
    """Bytes."""
    least: int = 1
    """Bytes that the smallest object counts as, which bounds the number of objects, too."""


def _key_of(fact: Any) -> Key:
    return fact.namespace, fact.name


def _version_of(fact: Any) -> int:
    return int(fact.resource_version)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Watched(Generic[Fact]):
    """A kind that is watched."""

    kind: Kind
    """Its place in the API, and which of its objects are watched."""
    fact_of: Callable[[dict[str, Any], Fact | None], Fact | None]
    """Returns the facts of an object, given those known until now; nothing if it needn't be kept."""
    key_of: Callable[[Fact], Key] = _key_of
    version_of: Callable[[Fact], int] = _version_of
    groups_of: Callable[[Fact], Iterable[Hashable]]
    """Returns the groups by which it is found, beside its name."""
    lane_of: Callable[[Fact | None, Fact | None], Lane | None]
    """Returns how urgent a change from facts to others is; nothing if it doesn't matter."""
    concerned: Callable[[Change[Fact], Wanting], set[Key]]
    """Returns the Formations that a change concerns."""
    share: Share | None = None
    """Without one, all objects are kept."""
    size_of: Callable[[Fact, Wanting], int] = lambda *_: 1
    """Returns the bytes of the share that an object takes; one that takes none is always kept."""
    reduced: Callable[[Fact], Fact] | None = None
    """Returns what is kept of an object without room in the share; without this it is forgotten."""
    is_repeated: Callable[[Fact, bytes], bool] | None = None
    """Returns whether the JSON of an object shows, before it is parsed, that it has the known facts."""
    is_sparse: bool = False
    """Whether most objects aren't kept, so that only kept ones leave tombstones."""


WHOLE = Share(160 * 2**20)
"""For specs and statuses of Formations; a namespace that has too much has its oldest ones outlined."""
MOST_BYTES = 32 * 2**20
MOST_STRAYS = 4096
"""How many strays are kept: objects with our labels that no Formation wants, which anyone may create."""
MOST_PODS = 8192
"""How many Pods that aren't well are kept."""
LEAST_JOB = 1024
"""Bytes that a Job of ours counts as at least."""
STRAYS = Share(MOST_BYTES, least=MOST_BYTES // MOST_STRAYS)

FORMATIONS: Watched[dict[str, Any]] = Watched(
    kind=kinds.BY_NAME[naming.KIND],
    fact_of=formations.trimmed,
    key_of=formations.key_of,
    version_of=formations.version_of,
    groups_of=formations.wanted_names,
    lane_of=formations.lane_of,
    concerned=formations.concerned,
    share=WHOLE,
    size_of=lambda formation, _: formations.size_of(formation),
    reduced=formations.outlined,
)
PODS: Watched[Pod] = Watched(
    kind=kinds.BY_NAME[kinds.POD],
    fact_of=lambda raw, _: pods.pod(raw),
    groups_of=pods.formation_of,
    lane_of=pods.lane_of,
    concerned=lambda change, _: {key for pod in change.facts for key in pods.formation_of(pod)},
    share=Share(MOST_BYTES, least=MOST_BYTES // MOST_PODS),
    size_of=lambda pod, _: pods.size_of(pod),
    is_sparse=True,
)
JOBS: Watched[Job] = Watched(
    kind=kinds.BY_NAME[kinds.JOB],
    fact_of=lambda raw, _: jobs.job(raw),
    groups_of=jobs.formation_of,
    lane_of=jobs.lane_of,
    concerned=lambda change, _: {key for job in change.facts for key in jobs.formation_of(job)},
    share=Share(MOST_BYTES, least=LEAST_JOB),
    size_of=lambda job, _: jobs.size_of(job),
)
SCALED_OBJECTS: Watched[Autoscaler] = Watched(
    kind=kinds.BY_NAME[kinds.SCALED_OBJECT],
    fact_of=lambda raw, _: autoscalers.autoscaler(raw, kinds.SCALED_OBJECT),
    groups_of=lambda each: [autoscalers.group_of(each)],
    lane_of=autoscalers.lane_of,
    concerned=autoscalers.concerned,
)
HPAS = dataclasses.replace(
    SCALED_OBJECTS,
    kind=kinds.BY_NAME[kinds.HPA],
    fact_of=lambda raw, _: autoscalers.autoscaler(raw, kinds.HPA),
    is_repeated=Autoscaler.has_facts_of,
)


def children_of(kind: ChildKind) -> Watched[Child]:
    """Return the record of a kind of children."""
    return Watched(
        kind=kind.traits.api,
        fact_of=lambda raw, _: children.child(raw, kind),
        groups_of=children.owner_of,
        lane_of=children.lane_of,
        concerned=children.concerned,
        share=STRAYS,
        size_of=children.size_of_stray,
    )


# They are listed in this order. Autoscalers come first: otherwise their counts could be taken for ours.
# Formations come before their children: only some objects that no Formation wants are kept.
WATCHED: tuple[Watched[Any], ...] = (
    SCALED_OBJECTS,
    HPAS,
    FORMATIONS,
    *map(children_of, ChildKind),
    JOBS,
    PODS,
)
