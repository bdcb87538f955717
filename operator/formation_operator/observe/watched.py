"""The kinds that are watched: a record of functions for each (`store.Watched`).

Another kind needs a record here, a module of facts beside this one, and the right to list and watch it.
"""

import dataclasses
from typing import Any

from formation_operator.api import naming
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import ChildKind, Key
from formation_operator.observe import autoscalers, children, formations, jobs, pods
from formation_operator.observe.autoscalers import Autoscaler
from formation_operator.observe.children import Child
from formation_operator.observe.jobs import Job
from formation_operator.observe.pods import Pod
from formation_operator.observe.store import Wanting, Watched
from formation_operator.requeue import Lane
from formation_operator.shares import size_of

WHOLE = 160 * 2**20
"""Bytes of specs and statuses of Formations; a namespace that has too much has its oldest ones outlined."""
MOST_BYTES = 32 * 2**20
MOST_STRAYS = 1024
"""How many strays of a kind are kept: objects with our labels that no Formation wants, which anyone may
create."""
MOST_PODS = 8192
"""How many Pods that aren't well are kept."""
LEAST_JOB = 1024
"""Bytes that a Job of ours counts as at least."""
STRAYS = MOST_BYTES // len(ChildKind)
"""Bytes of the strays of a kind of children."""


def size_of_stray(child: Child, wanting: Wanting) -> int:
    """Return the bytes of a child that no Formation wants; 0 for any other, as these are all kept.

    An owner or a label proves nothing: anyone may name a Formation in any number of objects. A child that a
    Formation doesn't want any more is deleted immediately, or after the next list if it was forgotten.
    """
    return 0 if wanting((child.namespace, child.name)) else size_of(child)


def by_label(fact: Pod | Job) -> list[Key]:
    """Return the Formation of a Pod or a Job by its label."""
    return [(fact.namespace, fact.formation)]


FORMATIONS: Watched[dict[str, Any]] = Watched(
    kind=kinds.BY_NAME[naming.KIND],
    fact_of=formations.trimmed,
    key_of=formations.key_of,
    version_of=formations.version_of,
    groups_of=formations.declared_keys,
    lane_of=formations.lane_of,
    concerned=lambda formation, _: [formations.key_of(formation)],
    most=WHOLE,
    size_of=lambda formation, _: formations.size_of(formation),
    reduced=formations.outlined,
)
PODS: Watched[Pod] = Watched(
    kind=kinds.BY_NAME[kinds.POD],
    fact_of=lambda raw, _: pods.pod(raw),
    groups_of=by_label,
    concerned=lambda fact, _: by_label(fact),
    most=MOST_BYTES,
    least=MOST_BYTES // MOST_PODS,
    size_of=lambda pod, _: size_of(pod),
    is_sparse=True,
)
JOBS: Watched[Job] = Watched(
    kind=kinds.BY_NAME[kinds.JOB],
    fact_of=lambda raw, _: jobs.job(raw),
    groups_of=by_label,
    lane_of=jobs.lane_of,
    concerned=lambda fact, _: by_label(fact),
    most=MOST_BYTES,
    least=LEAST_JOB,
    size_of=lambda job, _: size_of(job),
)


SCALED_OBJECTS: Watched[Autoscaler] = Watched(
    kind=kinds.BY_NAME[kinds.SCALED_OBJECT],
    fact_of=lambda raw, _: autoscalers.autoscaler(raw, kinds.SCALED_OBJECT),
    groups_of=lambda each: [autoscalers.group_of(each.namespace, each.target[-1])],
    lane_of=lambda before, now: Lane.BUILD if before != now else None,
    concerned=autoscalers.scaled,
)


def children_of(kind: ChildKind) -> Watched[Child]:
    """Return the record of a kind of children."""
    return Watched(
        kind=kind.traits,
        fact_of=lambda raw, _: children.child(raw, kind),
        groups_of=children.owner_of,
        lane_of=children.lane_of,
        concerned=children.concerned,
        most=STRAYS,
        least=STRAYS // MOST_STRAYS,
        size_of=size_of_stray,
    )


HPAS: Watched[Child] = dataclasses.replace(
    children_of(ChildKind.HORIZONTAL_POD_AUTOSCALER),
    groups_of=children.groups_of_autoscaler,
    concerned=children.concerned_by_autoscaler,
    size_of=lambda child, wanting: size_of_stray(child, wanting) if child.owner or child.digest else 0,
    reduced=children.reduced,
)
"""Ours are children; all others are kept, too: we would overwrite the count of one that was dropped."""

# They are listed in this order. Formations come before their children: only some objects that no Formation
# wants are kept. Autoscalers come before Deployments: otherwise their counts could be taken for ours.
WATCHED: tuple[Watched[Any], ...] = (
    SCALED_OBJECTS,
    FORMATIONS,
    HPAS,
    *(children_of(kind) for kind in ChildKind if kind is not ChildKind.HORIZONTAL_POD_AUTOSCALER),
    JOBS,
    PODS,
)
