"""What a pass wants: a content, what comes apart from it for each type, and what keeps it from that. Pure."""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from formation_operator.api import naming
from formation_operator.api.formation import Autoscaling, Formation, FormationSpec, Metadata, ProcessType
from formation_operator.api.reasons import Trouble
from formation_operator.controller.budgets import Budgets
from formation_operator.controller.passes import Pass
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe import autoscalers
from formation_operator.observe.autoscalers import Autoscaler, Deciding
from formation_operator.observe.children import Child, Children
from formation_operator.observe.faults import Problem
from formation_operator.release.asked import Asked, Chosen, Content
from formation_operator.render import cron_job
from formation_operator.replicas import autoscaling, count_owner, scale_requests, singletons
from formation_operator.replicas.count_owner import Replicas

STAYS = "all but its count stays as it is"
UNKNOWN = f"{STAYS} until the release is done: the running version isn't kept as a revision"
GONE = (
    "its Deployment is gone, and its version isn't kept as a revision: the Deployment is made again once the "
    "release is done; or go back (kubectl formation rollback {} --to ...)"
)
DOWN = (
    "it stays at zero until the release of the new version is done; to run the previous version at once: "
    "kubectl formation rollback {}"
)


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A content, and what it is rendered with."""

    formation: Formation
    """As it is now: `suspend` and `paused` are taken from it."""
    content: Content
    counts: Mapping[str, Replicas]
    """The count of each type of the content."""
    suspended: Mapping[str, bool]
    """Whether each schedule of the content begins no run; if it isn't known, each that has a CronJob."""
    budgets: Budgets
    """The disruption budgets of its types."""
    autoscaled: Mapping[str, Autoscaling]
    """The bounds of each type that is to have an autoscaler now."""
    others: Deciding
    """The autoscalers of its types' Deployments that we don't make."""
    canaries: Mapping[str, int]
    """By type whose canary the wanted content has to stand with: how many processes that has, one or none."""
    undecided: Sequence[Problem] = ()
    """Why a count or a disruption budget of a type stays as it is."""


def all_wanted(asked: Asked, chosen: Chosen, undecided: Sequence[Problem], budgets: Budgets) -> Wanted:
    """Return what is wanted of a choice; ``undecided`` says why a type's count stays as it is."""
    content = chosen.content
    there = _autoscalers(asked, content)
    others = autoscaling.of_others(asked.formation, asked.children, there)
    deciding = autoscalers.deciding(there)
    counted = counts(asked, chosen, deciding, [problem.process_type for problem in undecided])
    return Wanted(
        formation=asked.formation,
        content=content,
        counts=counted,
        suspended=_suspended(asked, chosen, counted),
        budgets=budgets,
        autoscaled=autoscaling.wanted(asked.formation, counted, asked.children, others),
        others=others,
        canaries={name: min(1, counted[name].desired) for name in chosen.canaries if name in counted},
        undecided=[*undecided, *budgets.problems],
    )


def counts(
    asked: Asked, chosen: Chosen, deciding: Deciding, undecided: Collection[str] = ()
) -> dict[str, Replicas]:
    """Return the count of each type that is rendered.

    Where it isn't known what is to run, that is each type that has a Deployment. A type that the Formation
    doesn't declare counts as one whose count is omitted.
    """
    formation, own, found = asked.formation, asked.deployments, dict[str, Replicas]()
    content = chosen.content
    # A canary is no type. Where it isn't known what it tries, a stop has to reach it all the same.
    tried = chosen.canaries if formation.spec.suspend else formation.spec.processes
    canaries = {*map(naming.canary, tried)} - formation.spec.processes.keys()
    for name in content.spec.processes if content.known else sorted(own.keys() - canaries):
        child = own.get(name)
        if child is not None and name in undecided:
            alone = singletons.is_alone(_type(content.spec, name), child, content.mark)
            found[name] = dataclasses.replace(count_owner.undecided(formation.spec, child), alone=alone)
            continue
        found[name] = _count(asked, chosen, name, child, deciding)
    return found


def _count(asked: Asked, chosen: Chosen, name: str, child: Child | None, deciding: Deciding) -> Replicas:
    """Return the count of a type, given its own Deployment.

    While the wanted content isn't released, a type that is suspended stays so.
    """
    content = chosen.content
    spec, about, rendered = asked.formation.spec, asked.formation.metadata, _type(content.spec, name)
    before = asked.before.process(name)
    alone = singletons.is_alone(rendered, child, content.mark)
    suspended = spec.suspend or (chosen.is_unreleased and count_owner.is_down(child, before))
    process = singletons.counted(_type(spec, name), rendered, child, alone=alone)
    if name == "web" and autoscalers.of_formation(deciding, about.name):
        process = process.model_copy(update={"autoscaling": None})  # its own isn't made
    shown = spec.model_copy(update={"suspend": suspended})
    autoscaler = autoscalers.of_child(deciding, naming.child(about.name, name))
    count = count_owner.decide(shown, process, child, autoscaler, before)
    return dataclasses.replace(count, suspended=bool(suspended), alone=alone)


def _type(spec: FormationSpec, name: str) -> ProcessType:
    """Return a type of a spec; one that isn't declared says nothing of itself."""
    return spec.processes.get(name) or ProcessType()


def _suspended(asked: Asked, chosen: Chosen, counted: Mapping[str, Replicas]) -> dict[str, bool]:
    """Return whether each schedule begins no run: until its content is released, what was stopped stays."""
    content = chosen.content
    if not content.known:
        return _stopped(asked)
    down = list[str]()
    stopped = any(each.suspended for each in counted.values())
    runs = any(each.desired for each in counted.values())
    if chosen.is_unreleased and (stopped or not runs):
        for name in content.spec.schedules or ():
            child = asked.children.get(
                (ChildKind.CRON_JOB, naming.child(asked.formation.metadata.name, name))
            )
            # Where no type has processes to come back to, the CronJobs alone show that all was stopped.
            if child.runs.suspended if child else stopped:
                down.append(name)
    return cron_job.suspended(asked.formation.spec, content.spec, down)


def _stopped(asked: Asked) -> dict[str, bool]:
    """Return whether each CronJob begins no run where it isn't known what else it is: none begins again."""
    today, about, found = asked.formation.spec, asked.formation.metadata, dict[str, bool]()
    for (kind, own), child in asked.children.items():
        if kind is ChildKind.CRON_JOB:
            name = naming.type_of(about.name, own)
            schedule = today.schedule(name)
            found[name] = bool(child.runs.suspended or today.suspend or (schedule and schedule.suspend))
    return found


def _autoscalers(asked: Asked, content: Content) -> list[Autoscaler]:
    """Return the autoscalers of a Formation and of its types' Deployments."""
    about = asked.formation.metadata
    types = {**content.spec.processes, **asked.formation.spec.processes}
    named = [naming.child(about.name, each) for each in types]
    return asked.known.autoscalers_of(about.namespace, [about.name, *named])


def owned(kind: ChildKind, about: Metadata, types: Iterable[str], children: Children) -> dict[str, Child]:
    """Return the object of a kind of each type that the Formation owns, even if it is of an older spec."""
    found = {name: children.get((kind, naming.child(about.name, name))) for name in types}
    return {name: each for name, each in found.items() if each is not None and each.is_owned_by(about.uid)}


def problems(pass_: Pass, wanted: Wanted, chosen: Chosen) -> list[Problem]:
    """Return what keeps each type from being as declared, from parsing to writing.

    An autoscaler that may start processes of a suspended type is a problem even before it does so.
    """
    unwritten = [outcome.problem for outcome in pass_.outcomes if outcome.problem]
    restless = scale_requests.restless(wanted.formation.spec, wanted.counts).items()
    unheld = [Problem(name, Trouble.CAN_NOT_SUSPEND, why) for name, why in restless]
    found = [*chosen.problems, *pass_.faults.problems.values(), *unwritten, *wanted.undecided]
    unreleased = _unreleased(wanted, chosen, is_first=pass_.memory.releases.released is None)
    return [*dict.fromkeys((*found, *unheld, *unreleased))]


def _unreleased(wanted: Wanted, chosen: Chosen, *, is_first: bool) -> Iterator[Problem]:
    """Yield what is said of the types that aren't as declared because their content isn't released.

    Without a situation it isn't known whether what runs is kept: the problems of the choice say why.
    """
    formation, content = wanted.formation, wanted.content
    down = [name for name, each in wanted.counts.items() if each.suspended and not formation.spec.suspend]
    for name in sorted(wanted.counts):
        if name in down:
            text = DOWN.format(formation.metadata.name)
            yield Problem(name, Trouble.WAITING, text, lasting=False)
        elif not content.known:
            yield Problem(name, Trouble.WAITING, UNKNOWN if chosen.gate else STAYS, lasting=False)
    if content.known or is_first or not chosen.gate:
        return
    for name in sorted(formation.spec.processes.keys() - wanted.counts):
        yield Problem(name, Trouble.WAITING, GONE.format(formation.metadata.name), lasting=False)
