"""Finds out whether the cluster's CRD has lost fields: then an absent field says nothing.

An older CRD prunes the fields that it doesn't know from each Formation that is written. So before a field's
absence counts, the CRD is asked for it, whether this operator knows the field or not. Whoever applies a newer
CRD has to apply the Formation, too: until its content changes, absence says nothing.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from formation_operator.api import naming
from formation_operator.api.content import WITHOUT
from formation_operator.api.reasons import ConditionType, Trouble
from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.port import Cluster
from formation_operator.observe.snapshot import Snapshot
from formation_operator.rollout.rollout import Content

NESTED = ("release",)
"""The fields of a spec whose own fields count, too, beside the maps of a content."""
Path = tuple[str, ...]
MADE_FROM: dict[ChildKind, Path] = {
    ChildKind.CRON_JOB: ("schedules",),
    ChildKind.POD_DISRUPTION_BUDGET: ("disruptionBudget",),
    ChildKind.HORIZONTAL_POD_AUTOSCALER: ("processes", "*", "autoscaling"),
}
"""The field that a child is made from."""
RELEASE: Path = ("release",)
CANARY: Path = ("canary",)
WAY_OUT = (
    "so the operator changes nothing but counts: apply the crds/ of the newer version again, and then "
    "this Formation's manifest"
)


async def lost(
    cluster: Cluster, snapshot: Snapshot, before: Content | None, *, may_have: Collection[Path] = ()
) -> str:
    """Return which absent fields the cluster's CRD has lost, with the way out; nothing if none was.

    ``may_have`` are fields that the content may have had although nothing shows it: they count only as long
    as the CRD lacks them. Raises `ClusterError` if the CRD can't be read.
    """
    gone = absent(snapshot, before)
    if gone and (said := _reported(snapshot)):
        return said
    # What it had some seconds ago is believed of a Formation that nothing else is known of.
    if not (fields := await lacking(cluster, {*gone, *may_have}, recent=not gone)):
        return ""
    return f"the cluster's CRD is older than this Formation, and has lost {', '.join(fields)}: {WAY_OUT}"


async def lacking(cluster: Cluster, paths: Collection[Path], *, recent: bool = False) -> list[str]:
    """Return those of some fields that the cluster's CRD doesn't have, or, if ``recent``, lacked just now.

    Raises `ClusterError`.
    """
    if not paths:
        return []
    schema = lenient.mapping(await cluster.schema(naming.KIND, recent=recent), "properties", "spec")
    return [".".join(("spec", *path)) for path in sorted(paths) if not _has(schema, path)]


def _reported(snapshot: Snapshot) -> str:
    """Return what the last status says of lost fields, if it is about this very Formation."""
    ready, generation = snapshot.status.condition(ConditionType.READY), snapshot.owner.generation
    if ready is None or (ready.reason, ready.observed_generation) != (Trouble.OUTDATED, generation):
        return ""
    return ready.message.partition(WAY_OUT)[0] + WAY_OUT


def absent(snapshot: Snapshot, before: Content | None) -> set[Path]:
    """Return the fields that a spec lacks, and that the content before has, or that a child was made from."""
    kept = (before and before.kept) or {}
    own = {each.kind for each in snapshot.children.values() if each.is_owned_by(snapshot.owner.uid)}
    made = {path for kind, path in MADE_FROM.items() if kind in own}
    if not (made or kept):
        return set()
    there = {*_fields(snapshot.raw["spec"])}
    names = {path[-1] for path in there}
    return ({*_fields(kept)} - there) | {path for path in made if path[-1] not in names}


def _fields(spec: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the path of each field of a spec, and of each field that any of its types or schedules has."""
    for name, value in spec.items():
        yield (name,)
        if name in WITHOUT and isinstance(value, Mapping):
            for each in value.values():
                yield from ((name, "*", field) for field in (each if isinstance(each, Mapping) else ()))
        elif name in NESTED and isinstance(value, Mapping):
            yield from ((name, field) for field in value)


def _has(schema: Mapping[str, Any], path: Path) -> bool:
    """Return whether a schema declares the field at a path; one that is open declares all."""
    node: Any = schema
    for step in path:
        if not isinstance(node, Mapping) or node.get("x-kubernetes-preserve-unknown-fields") is True:
            return True
        others = node.get("additionalProperties")
        node = others if step == "*" else lenient.mapping(node, "properties").get(step, others)
        if node is None:
            return False
    return True
