"""The pure part of a pass, cut into steps: after each type whoever else waits has a turn.

What one type comes to is bounded (`bounds`), what all come to isn't small.  An unexpected error ends the
type of its step.
"""

import asyncio
import contextlib
import dataclasses
from collections.abc import Mapping, Sequence

from formation_operator.api.formation import Formation
from formation_operator.api.reasons import Trouble
from formation_operator.observe.cache import Cache
from formation_operator.observe.children import Children
from formation_operator.observe.faults import Faults, Problem
from formation_operator.render import desired, pod_template
from formation_operator.render.desired import Intent
from formation_operator.replicas.count_owner import Count
from formation_operator.status import compute
from formation_operator.status.compute import Status
from formation_operator.status.observation import Seen
from formation_operator.sync import planner
from formation_operator.sync.executor import Outcome
from formation_operator.sync.planner import Action, World


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a Formation asks for."""

    formation: Formation
    counts: Mapping[str, Count]
    intents: list[Intent]
    failed: list[Problem]
    """Why a type can't be rendered."""
    undecided: Sequence[Problem] = ()
    """Why a type's count is left as it is."""

    @property
    def deployments(self) -> dict[str, Intent]:
        """The intent of each type's Deployment."""
        return {intent.process_type: intent for intent in self.intents if intent.kind == "Deployment"}


async def render(
    formation: Formation, counts: Mapping[str, Count], undecided: Sequence[Problem], faults: Faults
) -> Wanted:
    """Return what a Formation asks for."""
    wanted = Wanted(formation, counts, [], [], undecided)
    for name in formation.spec.processes:
        with faults.ending(name):
            try:
                wanted.intents.extend(desired.children(formation, name, counts[name]))
            except pod_template.InvalidTypeError as error:
                wanted.failed.append(Problem(name, Trouble.INVALID_SPEC, str(error)))
        await asyncio.sleep(0)
    return wanted


async def decide(
    wanted: Wanted,
    children: Children,
    world: World,
    known: Cache,
    faults: Faults,
) -> list[Action]:
    """Return the actions that bring what is there to what is wanted.

    The cache remembers which children are as they should be, since to find that takes longer than all else,
    and that others are about to be written.
    """
    actions = []
    for intent in wanted.intents:
        child = children.get((intent.kind, intent.name))
        with faults.ending(intent.process_type):
            action = planner.decide(intent, child, world)
            if action is not None:
                actions.append(action)
            if child is not None:
                remember = known.settle if action is None else known.unsettle
                remember(child, intent.settled_as)
        await asyncio.sleep(0)
    undecided = {problem.process_type for problem in wanted.failed} | faults.problems.keys()
    return planner.ordered([*actions, *planner.obsolete(wanted.intents, children, undecided, world.uid)])


def report(seen: Seen, previous: Status, now: str, faults: Faults) -> Status:
    """Return the status of what was seen, and of a type that none can be computed of only that."""
    with contextlib.suppress(Exception):  # the type that it is about is looked for, and its error is logged
        return compute.compute(seen, previous, now)
    for name, count in seen.counts.items():
        with faults.ending(name):
            compute.compute(dataclasses.replace(seen, counts={name: count}), previous, now)
    return compute.compute(seen.without(faults.problems), previous, now)


def problems_of(outcomes: list[Outcome]) -> list[Problem]:
    """Return the problems of objects that couldn't be written."""
    return [
        Problem(outcome.action.process_type, reason(outcome), outcome.problem, lasting=outcome.lasting)
        for outcome in outcomes
        if outcome.problem
    ]


def reason(outcome: Outcome) -> str:
    """Return the word for programs that fits an outcome with a problem."""
    return outcome.action.trouble or (Trouble.REFUSED if outcome.lasting else Trouble.RETRYING)
