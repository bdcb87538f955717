"""Which types have to prove a content before it is let through, and whether they have.  Pure.

A canary proves a content by one process, in a Deployment of its own: in the type's own one, its share would
grow with the count, and all would come back from zero as the new version.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from formation_operator.api import naming
from formation_operator.api.formation import FormationSpec, Metadata, ProcessType
from formation_operator.observe import autoscalers
from formation_operator.observe.children import Child
from formation_operator.observe.rollouts import NO_STATUS
from formation_operator.observe.snapshot import Snapshot
from formation_operator.render import intents, pod_template
from formation_operator.replicas import count_owner

PATIENCE = 60.0
"""Seconds for which a canary of the default may lack room, and any one its image."""
Proof = tuple[str, str | None, str]
"""The uid of a canary's Deployment, its digest, and the fields that we own."""


def changing(
    owner: Metadata, before: FormationSpec, declared: FormationSpec, *, may_skip: bool
) -> Iterator[tuple[str, str | None]]:
    """Yield each type that may have a canary, with its Deployment's digest if the content replaces processes.

    A singleton may never run twice, and ``may_skip`` says whether a type may do without a canary that has no
    room for another process. A type has no canary where another type, or a schedule, has its name.
    """
    taken = {each for spec in (before, declared) for each in (*spec.processes, *(spec.schedules or ()))}
    for name in sorted(before.processes.keys() & declared.processes.keys()):
        types = before.processes[name], declared.processes[name]
        is_full = may_skip and any(map(_has_no_surge, types))
        if naming.canary(name) in taken or is_full or any(each.singleton for each in types):
            continue
        old, new = (_template(owner, spec, name) for spec in (before, declared))
        if old == new:
            yield name, None
        else:
            yield name, intents.canary(owner, declared, name, 1).digest if new else ""


def has_full(*contents: FormationSpec) -> bool:
    """Return whether a type of some contents has no room for another process."""
    return any(_has_no_surge(each) for content in contents for each in content.processes.values())


def _has_no_surge(process: ProcessType) -> bool:
    return process.rolling_update is not None and process.rolling_update.max_surge in (0, "0", "0%")


def _template(owner: Metadata, spec: FormationSpec, name: str) -> Mapping[str, Any]:
    """Return the Pod template of a type; nothing if it is invalid."""
    try:
        return pod_template.pod_template(owner.name, name, spec, spec.processes[name])
    except pod_template.InvalidTypeError:
        return {}


def count(snapshot: Snapshot, name: str) -> int:
    """Return how many processes of a type are to run, whether or not the app is stopped.

    Where an autoscaler or another client sets the count, that is what its Deployment says.
    """
    process, own = snapshot.spec.processes[name], snapshot.deployments.get(name)
    scaler = autoscalers.of_child(snapshot.deciding, naming.child(snapshot.owner.name, name))
    before = snapshot.status.process(name)
    return count_owner.decide(process, own, scaler, before, suspended=False).desired


def may_have_one(snapshot: Snapshot, name: str, digest: str) -> bool:
    """Return whether a process of a content may start beside those of a type.

    It may not beside a singleton, and needn't where the Deployment says that it runs that content: so it is
    after a restore that has lost whose words these are.
    """
    own = snapshot.deployments.get(name)
    return own is None or not (
        (own.recreates and own.replicas < 2) or (own.content is None and own.claims == digest)
    )


def has_stood(snapshot: Snapshot, name: str, digest: str, proven: Mapping[str, Proof]) -> bool:
    """Return whether a type's canary has proven the content, by itself and by what a report saw of it.

    Kubernetes counts it as available once its process has been ready for long enough. The report knows
    whether that process has crashed, and whether its Deployment is as we wrote it.
    """
    canary = snapshot.canary(name)
    if canary is None or canary.deleting or canary.digest != digest:
        return False
    is_ready = canary.rollout.is_over and canary.rollout.available > 0
    return is_ready and proven.get(name) == proof(canary)


def proof(canary: Child) -> Proof:
    """Return what a canary that has stood is known by: another client that edits it changes this."""
    return canary.uid, canary.digest, canary.owned


def unkept(declared: FormationSpec) -> FormationSpec:
    """Return what stands for the content before where that isn't kept: each type counts as changed."""
    return FormationSpec.model_construct(processes=dict.fromkeys(declared.processes, ProcessType()))


def standing_in(
    snapshot: Snapshot, types: Iterable[str], unplaced: Collection[str], unwritten: Collection[str]
) -> Iterator[str]:
    """Yield the uids of canaries whose content is let through, and whose type has no new process yet.

    They stay until one is available, since a release may have broken all old ones; or until none can be
    created, or no node takes it (``unplaced``), as it may need the canary's place. Where the content couldn't
    be written (``unwritten``), the figures say nothing of it. No singleton is among the ``types``: its
    first process may not run beside one.
    """
    for name in types:
        canary, own = snapshot.canary(name), snapshot.deployment(name)
        if canary is None or (own is not None and not own.replicas):
            continue
        figures = own.rollout if own is not None else NO_STATUS  # somebody has deleted it
        is_blocked = figures.refused or (figures.current and (figures.blocked or name in unplaced))
        is_there = figures.current and figures.available > figures.total - figures.updated
        if name in unwritten or not (is_there or is_blocked):
            yield canary.uid
