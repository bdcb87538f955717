"""The kinds that are watched, and all that sets one apart from another.

One more is a record here, a module of facts beside this one, and the right to list and watch it.
"""

import dataclasses
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, TypeVar

from formation_operator.api import naming
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import ChildKind, Key, Kind
from formation_operator.observe import autoscalers, children, formations, pods
from formation_operator.observe.autoscalers import Autoscaler
from formation_operator.observe.children import Child
from formation_operator.observe.formations import Wanting
from formation_operator.observe.pods import Pod
from formation_operator.observe.store import Change
from formation_operator.requeue import Lane

Fact = TypeVar("Fact")


@dataclasses.dataclass(frozen=True, eq=False)
class Share:
    """Memory for the objects of one kind, or of several that have the same share.

    Namespaces share it, so none has the objects of another forgotten.
    """

    most: int
    """Bytes."""
    least: int = 1
    """As how many of them a smaller object counts: so their number is bounded, too."""


def _key_of(fact: Any) -> Key:
    return fact.namespace, fact.name


def _version_of(fact: Any) -> int:
    return int(fact.resource_version)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Watched(Generic[Fact]):
    """A kind that is watched."""

    kind: Kind
    """Where it is in the API, and which of its objects are watched."""
    fact_of: Callable[[dict[str, Any], Fact | None], Fact | None]
    """What is kept of an object, given what was known of it until now; nothing if it has nothing to tell."""
    key_of: Callable[[Fact], Key] = _key_of
    version_of: Callable[[Fact], int] = _version_of
    groups_of: Callable[[Fact], Iterable[Hashable]]
    """What it is looked for by, beside its name."""
    lane_of: Callable[[Fact | None, Fact | None], Lane | None]
    """How urgent it is that what was known before is now something else; nothing if that doesn't matter."""
    concerned: Callable[[Change[Fact], Wanting], set[Key]]
    """The Formations that a change concerns."""
    share: Share | None = None
    """Where there is none, all objects are kept."""
    size_of: Callable[[Fact, Wanting], int] = lambda *_: 1
    """Bytes of the share that an object takes; one that takes none is kept in any case."""
    reduced: Callable[[Fact], Fact] | None = None
    """What is kept of one that the share has no room for, and takes no bytes; nothing if it is forgotten."""
    is_repeated: Callable[[Fact, bytes], bool] | None = None
    """Whether the text of an object shows, before it is parsed, that it has the same facts."""
    missed_by: Callable[[Fact, Wanting], str] = lambda *_: ""
    """The uid of the Formation that has lost an object if others delete it; nothing if none has."""
    is_sparse: bool = False
    """Whether most objects have nothing to tell, so that no deletion of what isn't known is remembered."""


WHOLE = Share(160 * 2**20)
"""For Formations with specs and statuses; of a namespace that has too much, the oldest are outlined."""
MOST_BYTES = 32 * 2**20
MOST_STRAYS = 4096
"""How many objects with our labels are known that no Formation wants: anybody may make some."""
MOST_PODS = 8192
"""How many Pods are known that aren't well."""
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
    """Return what sets a kind of children apart from kinds that are none."""
    return Watched(
        kind=kind.traits.api,
        fact_of=lambda raw, _: children.child(raw, kind),
        groups_of=children.owner_of,
        lane_of=children.lane_of,
        concerned=children.concerned,
        share=STRAYS,
        size_of=children.size_of_stray,
        missed_by=children.missed_by,
    )


# Autoscalers first: a count must never be taken for ours before they are known. Formations before what is
# theirs: of objects that are nobody's only some are kept.
WATCHED: tuple[Watched[Any], ...] = (
    SCALED_OBJECTS,
    HPAS,
    FORMATIONS,
    *map(children_of, ChildKind),
    PODS,
)
