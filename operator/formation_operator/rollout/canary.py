"""Which types have to prove a content before it is let through, and whether they have.  Pure.

A canary proves a content by one process, in a Deployment of its own: in the type's own one, its share would
grow with the count, and all would come back from zero as the new version.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from formation_operator.api import naming
from formation_operator.api.formation import FormationSpec, Metadata, ProcessType
from formation_operator.api.reasons import CanaryState
from formation_operator.observe.children import Child
from formation_operator.observe.snapshot import Snapshot
from formation_operator.render import intents, pod_template


def changing(
    owner: Metadata, before: FormationSpec, wanted: FormationSpec
) -> Iterator[tuple[str, str | None]]:
    """Yield each type that may have a canary, with its Deployment's digest if the content replaces processes.

    A singleton may never run twice. A type has no canary where another type, or a schedule, has its name.
    """
    taken = {each for spec in (before, wanted) for each in (*spec.processes, *(spec.schedules or ()))}
    for name in sorted(before.processes.keys() & wanted.processes.keys()):
        types = before.processes[name], wanted.processes[name]
        if naming.canary(name) in taken or any(each.singleton for each in types):
            continue
        old, new = (_template(owner, spec, name) for spec in (before, wanted))
        if old == new:
            yield name, None
        else:
            yield name, intents.canary(owner, wanted, name, 1).digest if new else ""


def _template(owner: Metadata, spec: FormationSpec, name: str) -> Mapping[str, Any]:
    """Return the Pod template of a type; nothing if it is invalid."""
    try:
        return pod_template.pod_template(owner.name, name, spec, spec.processes[name])
    except pod_template.InvalidTypeError:
        return {}


def on_trial(snapshot: Snapshot, changed: Iterable[str]) -> list[str]:
    """Return the types whose canaries there have to be until the content is let through.

    A type that runs has one, and keeps it at zero: all is proven only once such a type has come back. What
    still runs as a singleton has none.
    """
    types, deployments = list[str](), snapshot.deployments
    for name in changed:
        own = deployments.get(name)
        runs = own is not None and own.replicas > 0 and not own.recreates
        if runs or snapshot.canary(name):
            types.append(name)
    return types


def have_stood(snapshot: Snapshot, digests: Mapping[str, str], types: Iterable[str]) -> bool:
    """Return whether the canaries of some types have proven the content; each has to have its digest.

    One that has crashed counts as failed until it is trusted again, as the status says.
    """
    said = snapshot.status.canary
    has_failed = said is not None and said.state == CanaryState.FAILED
    return not has_failed and all(_has_stood(snapshot.canary(name), digests[name]) for name in types)


def unkept(wanted: FormationSpec) -> FormationSpec:
    """Return what stands for the content before where that isn't kept: each type counts as changed."""
    return FormationSpec.model_construct(processes=dict.fromkeys(wanted.processes, ProcessType()))


def _has_stood(canary: Child | None, digest: str) -> bool:
    """Return whether a canary's process has been ready for long enough, as Kubernetes counts it."""
    if canary is None or canary.deleting or canary.digest != digest:
        return False
    return canary.rollout.is_over and canary.rollout.available > 0


def standing_in(snapshot: Snapshot, types: Iterable[str]) -> Iterator[str]:
    """Yield the uids of canaries whose content is let through, and whose type has no new process yet.

    They stay until it has one, unless that can't be created: it may need the canary's place. A singleton's
    first process may not run beside one.
    """
    for name in types:
        canary, own = snapshot.canary(name), snapshot.deployment(name)
        if canary is None or own is None or own.recreates or not own.replicas:
            continue
        has_begun = own.rollout.current and (own.rollout.updated or own.rollout.blocked)
        if not (has_begun or own.rollout.refused):
            yield canary.uid
