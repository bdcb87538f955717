"""The pure steps of a pass beside its plan: what is asked about a release, the counts, the report.

An unexpected error in a step concerns one type; the others go on.
"""

import contextlib
import dataclasses
from collections.abc import Iterable

from formation_operator.api import formation_status, naming
from formation_operator.api.formation import Formation, FormationSpec, Metadata, ProcessType
from formation_operator.api.formation_status import FormationStatus
from formation_operator.api.reasons import Trouble
from formation_operator.controller import plan
from formation_operator.controller.memory import Memory
from formation_operator.controller.plan import Wanted
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import Key
from formation_operator.observe import autoscalers
from formation_operator.observe.autoscalers import Deciding
from formation_operator.observe.basis import Basis
from formation_operator.observe.cache import Cache, Changes
from formation_operator.observe.children import Child, Children, deployment_of
from formation_operator.observe.faults import Faults, Problem
from formation_operator.release.asked import Asked, Chosen
from formation_operator.render.desired import Intent
from formation_operator.replicas import count_owner, scale_requests
from formation_operator.replicas.count_owner import Replicas
from formation_operator.requeue import Lane, Retry
from formation_operator.status import compute
from formation_operator.status.compute import Status
from formation_operator.status.observation import Seen
from formation_operator.sync.outcome import Outcome


@dataclasses.dataclass(frozen=True)
class Pass:
    """The state of one pass: its Formation, what it decides from, and its results so far."""

    key: Key
    basis: Basis
    memory: Memory
    faults: Faults
    intents: list[Intent] = dataclasses.field(default_factory=list)
    """What is wanted, without the manifests."""
    failed: list[Problem] = dataclasses.field(default_factory=list)
    """Why a type can't be rendered."""
    outcomes: list[Outcome] = dataclasses.field(default_factory=list)
    changes: Changes = dataclasses.field(default_factory=list)
    """What it has put into the cache."""


UNREADABLE = "it stays as it is until the release is done: the revision of what was released last is gone"


def asked(this: Pass, formation: Formation, known: Cache) -> Asked:
    """Return what decides which content is rendered."""
    spec = formation.spec
    return Asked(
        raw=this.basis.formation,
        formation=formation,
        content=plan.content_of(formation),
        before=formation_status.read(this.basis.formation["status"], spec.processes, spec.schedules or ()),
        jobs=known.jobs_of(this.key),
        pods=known.release_pods_of(this.key),
        children=this.basis.children,
        noted=this.memory.releases,
        faults=this.faults,
        forbidden=known.is_forbidden(kinds.JOB, this.key[0]),
    )


def until_released(this: Asked, chosen: Chosen) -> tuple[Formation, FormationStatus]:
    """Return a Formation and its status as they count for the chosen content.

    Until the release of what it says is done, the status of the types of both contents counts.
    """
    formation, content = this.formation, chosen.content.spec
    if not chosen.is_held:
        return formation, this.before
    types = {**formation.spec.processes, **content.processes}
    schedules = {**(formation.spec.schedules or {}), **(content.schedules or {})}
    before = formation_status.read(this.raw["status"], types, schedules)
    return suspended_until_released(formation, before, types, this.children), before


def counts(
    wanted: Wanted, before: FormationStatus, children: Children, known: Deciding
) -> dict[str, Replicas]:
    """Return the count of each type that is rendered, given the previous status and the autoscalers.

    A type of the content that the Formation doesn't declare counts as one whose count is omitted.
    """
    formation, about = wanted.formation, wanted.formation.metadata
    undecided = {problem.process_type for problem in wanted.undecided}
    decided = {}
    for name in wanted.content.spec.processes:
        child = deployment_of(children, about.name, name)
        if child is not None and name in undecided:
            decided[name] = count_owner.undecided(formation.spec, child)
            continue
        decided[name] = count_owner.decide(
            formation.spec,
            formation.spec.processes.get(name) or ProcessType(),
            child if child is not None and child.belongs_to(about.uid, about.name, name) else None,
            autoscalers.of_child(known, naming.child(about.name, name)),
            count_owner.reported(before, name, about.generation),
        )
    return decided


def with_counts(wanted: Wanted, before: FormationStatus, children: Children, known: Cache) -> Wanted:
    """Return what is wanted together with the count of each type that is rendered."""
    return dataclasses.replace(wanted, counts=counts(wanted, before, children, deciding(wanted, known)))


def deciding(wanted: Wanted, known: Cache) -> Deciding:
    """Return the autoscalers of a Formation and of its types' Deployments."""
    about = wanted.formation.metadata
    types = {**wanted.content.spec.processes, **wanted.formation.spec.processes}
    named = [naming.child(about.name, each) for each in types]
    return autoscalers.deciding(known.autoscalers_of(about.namespace, [about.name, *named]))


def shown_counts(
    wanted: Wanted, before: FormationStatus, children: Children, known: Deciding
) -> dict[str, Replicas]:
    """Return the counts that are reported: of all types that run, where it isn't known what should."""
    if wanted.content.known:
        return counts(wanted, before, children, known)
    formation = wanted.formation
    declared = dataclasses.replace(wanted, content=wanted.content._replace(spec=formation.spec))
    there = own_deployments(formation.metadata, formation.spec.processes, children)
    return {name: count for name, count in counts(declared, before, children, known).items() if name in there}


def suspended_until_released(
    formation: Formation, before: FormationStatus, types: Iterable[str], children: Children
) -> Formation:
    """Return a Formation whose release is awaited: one that was suspended before stays so until then.

    People suspend an app for a migration that the version before doesn't get on with. The Deployments show
    it, since the status is written later than they are; it counts where they show nothing.
    """
    own = own_deployments(formation.metadata, types, children).values()
    said = any(each.resume_replicas is not None for each in (before.processes or {}).values())
    if any(each.is_suspended for each in own) or (said and not any(each.is_resumed for each in own)):
        return formation.model_copy(update={"spec": formation.spec.model_copy(update={"suspend": True})})
    return formation


def own_deployments(about: Metadata, types: Iterable[str], children: Children) -> dict[str, Child]:
    """Return the Deployment of each type that the Formation owns, even if it is of an older spec."""
    found = {name: deployment_of(children, about.name, name) for name in types}
    return {name: each for name, each in found.items() if each is not None and each.is_owned_by(about.uid)}


def report(seen: Seen, previous: FormationStatus, now: str, faults: Faults) -> Status:
    """Return the status; a type whose status can't be computed is reported with that problem only."""
    with contextlib.suppress(Exception):  # the loop finds the type, and logs its error
        return compute.compute(seen, previous, now)
    for name, count in seen.counts.items():
        with faults.confined_to(name):
            compute.compute(dataclasses.replace(seen, counts={name: count}), previous, now)
    return compute.compute(seen.without(faults.problems), previous, now)


def problems(this: Pass, wanted: Wanted, chosen: Chosen) -> list[Problem]:
    """Return what keeps each type from being as declared, from parsing to writing.

    An autoscaler that may start processes of a suspended type is a problem even before it does so.
    """
    unwritten = [
        Problem(outcome.action.process_type, outcome.trouble, outcome.problem, lasting=outcome.lasting)
        for outcome in this.outcomes
        if outcome.problem
    ]
    restless = scale_requests.restless(wanted.formation.spec, wanted.counts).items()
    unheld = [Problem(name, Trouble.CAN_NOT_SUSPEND, why) for name, why in restless]
    about = wanted.formation.metadata
    types = () if wanted.content.known else wanted.formation.spec.processes
    there = own_deployments(about, types, this.basis.children)
    unread = [Problem(name, Trouble.WAITING, UNREADABLE, lasting=False) for name in there]
    unknown = (*unread, *wanted.undecided, *wanted.unlisted)
    found = (*chosen.problems, *this.failed, *this.faults.problems.values(), *unwritten, *unknown, *unheld)
    return [*dict.fromkeys(found)]


def retry(undecided: Iterable[Problem], outcomes: Iterable[Outcome]) -> Retry:
    """Return how a pass has to be tried again; what may pass by itself comes before what lasts."""
    lasting = [problem.lasting for problem in undecided]
    lasting += [outcome.lasting for outcome in outcomes if outcome.problem or outcome.again]
    if not lasting:
        return Retry.NONE
    return Retry.LASTING if all(lasting) else Retry.PASSING


def commands(content: FormationSpec) -> dict[str, list[str]]:
    """Return the command of each type that has one; otherwise the image decides."""
    types = content.processes.items()
    return {name: [*item.command, *(item.args or [])] for name, item in types if item.command}


def others(this: Pass, known: Cache) -> dict[Key, Lane]:
    """Return the passes that are wanted because of what this one has put into the cache."""
    found: dict[Key, Lane] = {}
    for kind, change in this.changes:
        for key, lane in known.concerned(kind, change).items():
            if key != this.key or not this.basis.will_compare(change):
                found[key] = min(lane, found.get(key, lane))
    return found
