"""The pure part of a pass, cut into steps: after each type whoever else waits has a turn.

What one type comes to is bounded (`bounds`), what all come to isn't small.  An unexpected error ends the
type of its step.
"""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from formation_operator.api import naming
from formation_operator.api.formation import Formation
from formation_operator.api.formation_status import FormationStatus
from formation_operator.api.reasons import Trouble
from formation_operator.controller.memory import Memory, Rendered
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe import autoscalers
from formation_operator.observe.autoscalers import Deciding
from formation_operator.observe.children import Child, Children, deployment_of
from formation_operator.observe.faults import Faults, Problem
from formation_operator.render import desired, pod_template
from formation_operator.render.desired import Intent
from formation_operator.replicas import count_owner, scale_requests
from formation_operator.replicas.count_owner import Replicas
from formation_operator.requeue import Left
from formation_operator.status import compute
from formation_operator.status.compute import Status
from formation_operator.status.observation import Seen
from formation_operator.sync import planner
from formation_operator.sync.outcome import Outcome
from formation_operator.sync.planner import Action, PlanContext

MOST_IMAGES = 256
"""So many images of a Formation's containers are remembered: what types share may have thousands for each."""


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a Formation asks for."""

    formation: Formation
    counts: Mapping[str, Replicas]
    undecided: Sequence[Problem] = ()
    """Why a type's count is left as it is."""
    unrendered: Sequence[str] = ()
    """The types that are to be rendered, in their order."""
    intents: list[Intent] = dataclasses.field(default_factory=list)
    failed: list[Problem] = dataclasses.field(default_factory=list)
    """Why a type can't be rendered."""

    def without_manifests(self) -> Rendered | None:
        """Return it as it is remembered; nothing of one with very many containers: it is rendered again."""
        if sum(len(intent.images) for intent in self.intents) > MOST_IMAGES:
            return None
        intents = [intent.without_manifest() for intent in self.intents]
        return Rendered(self.formation.metadata.generation, self.counts, intents)

    @property
    def deployments(self) -> dict[str, Intent]:
        """The intent of each type's Deployment."""
        return {intent.process_type: intent for intent in self.intents if intent.kind is ChildKind.DEPLOYMENT}


def counts(
    formation: Formation,
    before: FormationStatus,
    children: Children,
    known: Deciding,
    undecided: Sequence[Problem],
) -> dict[str, Replicas]:
    """Return the count of each type, given the status of before and who scales what."""
    about, left = formation.metadata, {problem.process_type for problem in undecided}
    decided = {}
    for name, process in formation.spec.processes.items():
        child = deployment_of(children, about.name, name)
        if child is not None and name in left:
            decided[name] = count_owner.left_as_it_is(formation.spec, child)
            continue
        decided[name] = count_owner.decide(
            formation.spec,
            process,
            child if child is not None and child.belongs_to(about.uid, about.name, name) else None,
            autoscalers.of_child(known, naming.child(about.name, name)),
            count_owner.reported(before, name, about.generation),
        )
    return decided


def unrendered(
    formation: Formation,
    counted: Mapping[str, Replicas],
    children: Children,
    undecided: Sequence[Problem],
) -> Wanted:
    """Return what a Formation asks for, of which nothing is rendered yet.

    First come the types that get another count: somebody is waiting for them.
    """

    def keeps_its_count(name: str) -> bool:
        child = deployment_of(children, formation.metadata.name, name)
        return child is None or counted[name].rendered in (None, child.replicas)

    return Wanted(formation, counted, undecided, sorted(formation.spec.processes, key=keeps_its_count))


async def render(wanted: Wanted, faults: Faults) -> AsyncIterator[Intent]:
    """Render type by type what a Formation asks for, and yield it."""
    for name in wanted.unrendered:
        found: list[Intent] = []
        with faults.ending(name):
            try:
                found = desired.children(wanted.formation, name, wanted.counts[name])
            except pod_template.InvalidTypeError as error:
                wanted.failed.append(Problem(name, Trouble.INVALID_SPEC, str(error)))
        wanted.intents.extend(found)
        await asyncio.sleep(0)
        for intent in found:
            yield intent


def rendered_before(
    memory: Memory, formation: Formation, counted: Mapping[str, Replicas], children: Children
) -> Wanted | None:
    """Return what a Formation asks for if it asked for the same before, and has all of it; else nothing.

    A report comes a second after each change: it renders nothing anew.
    """
    before, about = memory.rendered, formation.metadata
    if before is None or (before.generation, before.counts) != (about.generation, counted):
        return None
    for intent in before.intents:
        child = children.get((intent.kind, intent.name))
        if not planner.is_settled(intent, child, about.uid, memory.settled):
            return None
    return Wanted(formation, counted, intents=before.intents)


async def actions(
    wanted: Wanted, children: Children, context: PlanContext, memory: Memory, faults: Faults
) -> AsyncIterator[Action]:
    """Yield the actions that bring what is there to what is wanted, each as soon as it is known.

    What was rendered before is as it should be. The memory holds which children are, since to find that
    takes longer than all else, and that others are about to be written.
    """
    async for intent in render(wanted, faults):
        action, child = None, children.get((intent.kind, intent.name))
        with faults.ending(intent.process_type):
            action = planner.decide(intent, child, context)
            if child is not None:
                remember = memory.settle if action is None else memory.unsettle
                remember(child, intent.settled_as)
        if action is not None:
            yield action
            await asyncio.sleep(0)  # a request is sent in two turns, and what follows can wait
        await asyncio.sleep(0)
    undecided = {problem.process_type for problem in wanted.failed} | faults.problems.keys()
    for action in planner.obsolete(wanted.intents, children, undecided, context.uid):
        yield action


def own_deployments(formation: Formation, children: Children) -> dict[str, Child]:
    """Return the Deployment of each type that has one of its own, though it be of an older spec."""
    about, types = formation.metadata, formation.spec.processes
    found = {name: deployment_of(children, about.name, name) for name in types}
    return {
        name: child
        for name, child in found.items()
        if child is not None and child.owner is not None and child.owner.uid == about.uid
    }


def report(seen: Seen, previous: FormationStatus, now: str, faults: Faults) -> Status:
    """Return the status of what was seen, and of a type that none can be computed of only that."""
    with contextlib.suppress(Exception):  # the type that it is about is looked for, and its error is logged
        return compute.compute(seen, previous, now)
    for name, count in seen.counts.items():
        with faults.ending(name):
            compute.compute(dataclasses.replace(seen, counts={name: count}), previous, now)
    return compute.compute(seen.without(faults.problems), previous, now)


def problems(wanted: Wanted, faults: Faults, outcomes: Iterable[Outcome]) -> list[Problem]:
    """Return what stands in the way of each type, from what it asks for to what was written of it.

    An autoscaler that may start a suspended type is in its way before it does so: it may at any time.
    """
    unwritten = [
        Problem(outcome.action.process_type, reason(outcome), outcome.problem, lasting=outcome.lasting)
        for outcome in outcomes
        if outcome.problem
    ]
    restless = scale_requests.restless(wanted.formation.spec, wanted.counts).items()
    unheld = [Problem(name, Trouble.CAN_NOT_SUSPEND, why) for name, why in restless]
    found = (*wanted.failed, *faults.problems.values(), *unwritten, *wanted.undecided, *unheld)
    return [*dict.fromkeys(found)]


def left(undecided: Iterable[Problem], outcomes: Iterable[Outcome]) -> Left:
    """Return what a pass leaves to be tried again: what may pass soon doesn't wait for what lasts."""
    lasting = [problem.lasting for problem in undecided]
    lasting += [outcome.lasting for outcome in outcomes if outcome.problem or outcome.again]
    if not lasting:
        return Left.NOTHING
    return Left.LASTING if all(lasting) else Left.PASSING


def reason(outcome: Outcome) -> str:
    """Return the word for programs that fits an outcome with a problem."""
    return outcome.action.trouble or (Trouble.REFUSED if outcome.lasting else Trouble.RETRYING)


def commands(formation: Formation) -> dict[str, list[str]]:
    """Return the command of each type that names its program; else that is the image's matter."""
    types = formation.spec.processes.items()
    return {name: [*item.command, *(item.args or [])] for name, item in types if item.command}
