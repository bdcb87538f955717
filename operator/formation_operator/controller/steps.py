"""The pure steps of a pass beside its plan: what is asked about a release, the counts, the report.

An unexpected error in a step concerns one type; the others go on.
"""

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator

from formation_operator.api import formation_status, naming
from formation_operator.api.formation import Formation, FormationSpec, Metadata, ProcessType
from formation_operator.api.formation_status import FormationStatus
from formation_operator.api.reasons import Trouble
from formation_operator.controller.memory import Memory
from formation_operator.controller.plan import Wanted
from formation_operator.kube.objects.kinds import ChildKind, Key
from formation_operator.observe import autoscalers
from formation_operator.observe.autoscalers import Autoscaler, Deciding
from formation_operator.observe.basis import Basis
from formation_operator.observe.cache import Cache, Changes
from formation_operator.observe.children import Child, Children, deployment_of
from formation_operator.observe.faults import Faults, Problem
from formation_operator.release import gate
from formation_operator.release.asked import Asked, Chosen
from formation_operator.render.desired import Intent
from formation_operator.replicas import count_owner, scale_requests, singletons
from formation_operator.replicas.count_owner import Replicas, Reported
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


STAYS = "all but its count stays as it is"
UNKNOWN = f"{STAYS} until the release is done: what runs isn't kept as a revision"
GONE = (
    "its Deployment is gone, and what ran isn't kept as a revision: it is made again once the release is "
    "done, or by going back (kubectl formation rollback {} --to ...)"
)
DOWN = (
    "it stays at zero until what the spec asks for is released; to run what was released before at once: "
    "kubectl formation rollback {}"
)


def asked(this: Pass, formation: Formation, known: Cache, now: float) -> Asked:
    """Return what decides which content is rendered."""
    spec = formation.spec
    return Asked(
        raw=this.basis.formation,
        formation=formation,
        before=formation_status.read(this.basis.formation["status"], spec.processes, spec.schedules or ()),
        jobs=gate.in_order(known.jobs_of(this.key), this.basis.uid),
        children=this.basis.children,
        noted=this.memory.releases,
        faults=this.faults,
        known=known,
        now=now,
    )


def of_both(this: Asked, content: FormationSpec) -> FormationStatus:
    """Return the status of the types and schedules of a Formation, and of the content that is rendered."""
    spec, schedules = this.formation.spec, content.schedules or {}
    if spec is content:
        return this.before
    return formation_status.read(
        this.raw["status"],
        {**spec.processes, **content.processes},
        {**(spec.schedules or {}), **schedules},
    )


def with_counts(wanted: Wanted, before: FormationStatus, children: Children, known: Cache) -> Wanted:
    """Return what is wanted together with the count of each type, and the schedules that stay suspended."""
    counted = dataclasses.replace(wanted, counts=counts(wanted, before, children, deciding(wanted, known)))
    found = counted.counts.values()
    stopped, runs = any(each.suspended for each in found), any(each.desired for each in found)
    if wanted.content.is_declared or (runs and not stopped):
        return counted
    about, names = wanted.formation.metadata, wanted.content.spec.schedules or ()
    there = {name: children.get((ChildKind.CRON_JOB, naming.child(about.name, name))) for name in names}
    # Where no type has processes to come back to, the CronJobs alone show that all was stopped.
    down = [name for name, child in there.items() if (child.runs.suspended if child else stopped)]
    return dataclasses.replace(counted, down=down)


def counts(
    wanted: Wanted, before: FormationStatus, children: Children, known: Deciding
) -> dict[str, Replicas]:
    """Return the count of each type that is rendered, given the previous status and the autoscalers.

    Where it isn't known what is to run, that is each type that has a Deployment. A type that the Formation
    doesn't declare counts as one whose count is omitted.
    """
    formation, about = wanted.formation, wanted.formation.metadata
    undecided = {problem.process_type for problem in wanted.undecided}
    decided = {}
    for name in wanted.content.spec.processes if wanted.content.known else own_types(about, children):
        child = deployment_of(children, about.name, name)
        if child is not None and name in undecided:
            rendered = wanted.content.spec.processes.get(name) or ProcessType()
            alone = singletons.is_alone(rendered, child, wanted.content.mark)
            decided[name] = dataclasses.replace(count_owner.undecided(formation.spec, child), alone=alone)
            continue
        own = child if child is not None and child.belongs_to(about.uid, about.name, name) else None
        autoscaler = autoscalers.of_child(known, naming.child(about.name, name))
        reported = count_owner.reported(before, name, about.generation)
        decided[name] = _count(wanted, name, own, autoscaler, reported)
    return decided


def _count(
    wanted: Wanted, name: str, child: Child | None, autoscaler: Autoscaler | None, before: Reported
) -> Replicas:
    """Return the count of a type, given its own Deployment.

    While another content is rendered than the spec asks for, a type that is suspended stays so.
    """
    spec, content, types = wanted.formation.spec, wanted.content, wanted.content.spec.processes
    today, rendered = spec.processes.get(name) or ProcessType(), types.get(name) or ProcessType()
    alone = singletons.is_alone(rendered, child, content.mark)
    suspended = spec.suspend or (not content.is_declared and count_owner.is_down(child, before))
    process = singletons.counted(today, rendered, child, alone=alone)
    shown = spec.model_copy(update={"suspend": suspended})
    count = count_owner.decide(shown, process, child, autoscaler, before)
    return dataclasses.replace(count, suspended=bool(suspended), alone=alone)


def deciding(wanted: Wanted, known: Cache) -> Deciding:
    """Return the autoscalers of a Formation and of its types' Deployments."""
    about = wanted.formation.metadata
    types = {**wanted.content.spec.processes, **wanted.formation.spec.processes}
    named = [naming.child(about.name, each) for each in types]
    return autoscalers.deciding(known.autoscalers_of(about.namespace, [about.name, *named]))


def own_types(about: Metadata, children: Children) -> list[str]:
    """Return the types whose Deployments a Formation owns, or may adopt, whatever is declared."""
    names = {
        name: naming.type_of(about.name, name) for kind, name in children if kind is ChildKind.DEPLOYMENT
    }
    return [
        type_
        for name, type_ in sorted(names.items())
        if children[ChildKind.DEPLOYMENT, name].belongs_to(about.uid, about.name, type_)
    ]


def own_deployments(about: Metadata, types: Iterable[str], children: Children) -> dict[str, Child]:
    """Return the Deployment of each type that the Formation owns, even if it is of an older spec."""
    found = {name: deployment_of(children, about.name, name) for name in types}
    return {name: each for name, each in found.items() if each is not None and each.is_owned_by(about.uid)}


def report(seen: Seen, previous: FormationStatus, now: str, faults: Faults) -> Status:
    """Return the status; a type or schedule whose status can't be computed is reported with that only."""
    with contextlib.suppress(Exception):  # the loop finds the type, and logs its error
        return compute.compute(seen, previous, now)
    for name, count in seen.counts.items():
        with faults.confined_to(name):
            compute.compute(dataclasses.replace(seen, counts={name: count}, schedules={}), previous, now)
    for name, schedule in seen.schedules.items():
        with faults.confined_to(name):
            compute.compute(dataclasses.replace(seen, counts={}, schedules={name: schedule}), previous, now)
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
    unknown = (*wanted.undecided, *wanted.unlisted)
    found = (*chosen.problems, *this.failed, *this.faults.problems.values(), *unwritten, *unknown, *unheld)
    found = (*found, *_unreleased(wanted, chosen, is_first=this.memory.releases.released is None))
    return [*dict.fromkeys(found)]


def _unreleased(wanted: Wanted, chosen: Chosen, *, is_first: bool) -> Iterator[Problem]:
    """Yield what is said of the types that aren't as declared because their content isn't released.

    Without a situation it isn't known whether what runs is kept: the problems of the choice say why.
    """
    formation, content = wanted.formation, wanted.content
    down = [name for name, each in wanted.counts.items() if each.suspended and not formation.spec.suspend]
    for name in wanted.counts:
        if name in down:
            text = DOWN.format(formation.metadata.name)
            yield Problem(name, Trouble.WAITING, text, lasting=False)
        elif not content.known:
            yield Problem(name, Trouble.WAITING, UNKNOWN if chosen.gate else STAYS, lasting=False)
    gone = (
        ()
        if content.known or is_first or not chosen.gate
        else formation.spec.processes.keys() - wanted.counts
    )
    for name in sorted(gone):
        yield Problem(name, Trouble.WAITING, GONE.format(formation.metadata.name), lasting=False)


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
