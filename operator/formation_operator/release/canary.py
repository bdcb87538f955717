"""Which types have to prove a content before it is let through, and whether they have.  Pure.

A canary proves a content by one process, in a Deployment of its own: in the type's own one, its share would
grow with the count, and all would come back from zero as the new version.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from formation_operator.api import naming
from formation_operator.api.formation import FormationSpec, Metadata, ProcessType
from formation_operator.api.reasons import CanaryState
from formation_operator.observe.children import Child, Children, deployment_of
from formation_operator.release.asked import Asked
from formation_operator.render import desired, pod_template

Digests = Mapping[str, str]
"""By type that changes: the digest of a canary's Deployment that has its process."""


def changing(
    mine: Metadata, before: FormationSpec, wanted: FormationSpec
) -> Iterator[tuple[str, str | None]]:
    """Yield each type that may have a canary, with its Deployment's digest if the content replaces processes.

    A singleton may never run twice. A type has no canary where another type, or a schedule, has its name.
    """
    taken = {each for spec in (before, wanted) for each in (*spec.processes, *(spec.schedules or ()))}
    for name in sorted(before.processes.keys() & wanted.processes.keys()):
        types = before.processes[name], wanted.processes[name]
        if naming.canary(name) in taken or any(each.singleton for each in types):
            continue
        old, new = (_template(mine, spec, name) for spec in (before, wanted))
        if old == new:
            yield name, None
        else:
            yield name, desired.canary(mine, wanted, name, 1).digest if new else ""


def _template(mine: Metadata, spec: FormationSpec, name: str) -> Mapping[str, Any]:
    """Return the Pod template of a type; nothing if it is invalid."""
    try:
        return pod_template.pod_template(mine.name, name, spec, spec.processes[name])
    except pod_template.InvalidTypeError:
        return {}


def on_trial(this: Asked, changes: Digests) -> list[str]:
    """Return the types whose canaries there have to be until the content is let through.

    A type that runs has one, and keeps it at zero: all is proven only once such a type has come back. What
    still runs as a singleton has none.
    """
    mine, types = this.formation.metadata, list[str]()
    for name in changes:
        own = deployment_of(this.children, mine.name, name)
        runs = own is not None and own.replicas > 0 and not own.recreates
        if runs or of(this.children, mine, name):
            types.append(name)
    return types


def have_stood(this: Asked, changes: Digests, types: Iterable[str]) -> bool:
    """Return whether the canaries of some types have proven the content.

    One that has crashed counts as failed until it is trusted again, as the status says.
    """
    mine, said = this.formation.metadata, this.before.canary
    has_failed = said is not None and said.state == CanaryState.FAILED
    return not has_failed and all(_has_stood(of(this.children, mine, name), changes[name]) for name in types)


def unkept(wanted: FormationSpec) -> FormationSpec:
    """Return what stands for the content before where that isn't kept: each type counts as changed."""
    return FormationSpec.model_construct(processes=dict.fromkeys(wanted.processes, ProcessType()))


def of(children: Children, mine: Metadata, name: str) -> Child | None:
    """Return the Deployment of a type's canary, if there is one."""
    child = deployment_of(children, mine.name, naming.canary(name))
    return child if child is not None and child.is_owned_by(mine.uid) else None


def _has_stood(child: Child | None, digest: str) -> bool:
    """Return whether a canary's process has been ready for long enough, as Kubernetes counts it."""
    if child is None or child.deleting or child.digest != digest:
        return False
    return child.rollout.is_over and child.rollout.available > 0


def standing_in(children: Children, mine: Metadata, types: Iterable[str]) -> Iterator[str]:
    """Yield the uids of canaries whose content is let through, and whose type has no new process yet.

    They stay until it has one, unless that can't be created: it may need the canary's place. A singleton's
    first process may not run beside one.
    """
    for name in types:
        canary, own = of(children, mine, name), deployment_of(children, mine.name, name)
        if canary is None or own is None or own.recreates or not own.replicas:
            continue
        has_begun = own.rollout.current and (own.rollout.updated or own.rollout.blocked)
        if not (has_begun or own.rollout.refused):
            yield canary.uid
