"""The plan of a pass: what is wanted, and the actions that bring a Formation's children to that.

It is a value, decided before anything is written. Types that get another count are planned first, since
somebody is waiting for those, and of a large Formation only so much at a time as may be held in memory.
"""

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from formation_operator.api import bounds
from formation_operator.api.formation import Formation, FormationSpec
from formation_operator.api.reasons import Trouble
from formation_operator.controller.memory import Memory, Rendered
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe.children import Children, deployment_of
from formation_operator.observe.faults import Faults, Problem
from formation_operator.render import desired, pod_template
from formation_operator.render.desired import Intent
from formation_operator.replicas.count_owner import Replicas
from formation_operator.sync import planner
from formation_operator.sync.planner import Action, PlanContext

MOST_MANIFESTS = 256 * bounds.KIB
"""Bytes of manifests as compact JSON from which on no other type is rendered until they are written."""
MOST_IMAGES, BESIDE_ITS_NAME = 32 * bounds.KIB, 128
"""Bytes of the images of a Formation's containers that are remembered, and what each takes beside its name:
what types share may have thousands for each."""


class Content(NamedTuple):
    """What is rendered: a spec, but for what it says of counts, `suspend` and `paused`."""

    spec: FormationSpec
    version: int
    """Equal for equal contents of a Formation."""


def content_of(formation: Formation) -> Content:
    """Return the content that a pass renders: what the Formation's spec says now."""
    return Content(formation.spec, formation.metadata.generation)


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A content, and with which counts it is rendered."""

    formation: Formation
    """As it is now: `suspend` and `paused` are its own."""
    content: Content
    undecided: Sequence[Problem] = ()
    """Why a type's count stays as it is."""
    counts: Mapping[str, Replicas] = dataclasses.field(default_factory=dict)
    """The count of each type of the content."""

    @property
    def types(self) -> list[str]:
        """All types of the content and of the Formation."""
        return [*{**self.content.spec.processes, **self.formation.spec.processes}]


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to do about some of a Formation's types."""

    actions: Sequence[Action] = ()
    intents: Sequence[Intent] = ()
    """All that is wanted of these types, without the manifests."""
    failed: Sequence[Problem] = ()
    """Why a type can't be rendered."""
    rest: Sequence[str] = ()
    """The types that are to be planned once these actions are carried out."""


@dataclasses.dataclass(frozen=True)
class Planning:
    """Plans what to do about the children of a Formation; after each type and object, others have a turn."""

    wanted: Wanted
    children: Children
    context: PlanContext
    memory: Memory
    """Which children are as they should be: to find that takes longer than all else."""
    faults: Faults

    @property
    def parts(self) -> tuple[list[str], list[str]]:
        """The types that get another count, and then all others."""
        types = sorted(self.wanted.content.spec.processes)
        first = [name for name in types if self._gets_another_count(name)]
        return first, [name for name in types if name not in first]

    def _gets_another_count(self, name: str) -> bool:
        child = deployment_of(self.children, self.wanted.formation.metadata.name, name)
        return child is not None and self.wanted.counts[name].rendered not in (None, child.replicas)

    async def plan(self, types: Sequence[str]) -> Plan:
        """Return what to do about the first of some types: as many as may be held at the same time."""
        actions: list[Action] = []
        intents: list[Intent] = []
        failed: list[Problem] = []
        held = number = 0
        while number < len(types) and held < MOST_MANIFESTS:
            for intent in await self._render(types[number], failed):
                action = None if self.wanted.formation.spec.paused else await self._decide(intent)
                if action is not None:
                    actions.append(action)
                    held += intent.size
                intents.append(intent.without_manifest())
            number += 1
        return Plan(actions, intents, failed, types[number:])

    def obsolete(self, intents: Sequence[Intent]) -> list[Action]:
        """Return what to do about the children that aren't among all that is wanted."""
        formation = self.wanted.formation
        if formation.spec.paused:
            return []
        return planner.obsolete(formation.metadata, self.wanted.types, intents, self.children)

    async def _render(self, name: str, failed: list[Problem]) -> list[Intent]:
        """Return what a type should have, or note why it can't be rendered."""
        found: list[Intent] = []
        owner, content = self.wanted.formation.metadata, self.wanted.content.spec
        with self.faults.ending(name):
            try:
                found = desired.children(owner, content, name, self.wanted.counts[name])
            except pod_template.InvalidTypeError as error:
                failed.append(Problem(name, Trouble.INVALID_SPEC, str(error)))
        await asyncio.sleep(0)
        return found

    async def _decide(self, intent: Intent) -> Action | None:
        """Return what to do about an object; remember if that is nothing, and else that it isn't known."""
        action, child = None, self.children.get((intent.kind, intent.name))
        with self.faults.ending(intent.process_type):
            action = planner.decide(intent, child, self.context)
            if child is not None:
                note = self.memory.remember if action is None else self.memory.forget
                note(child, intent)
        await asyncio.sleep(0)
        return action


def to_remember(wanted: Wanted, intents: Sequence[Intent]) -> Rendered | None:
    """Return what was rendered as it is remembered; nothing of what has very many images."""
    images = [image for intent in intents for _, image in intent.images]
    if sum(BESIDE_ITS_NAME + len(image) for image in images) > MOST_IMAGES:
        return None
    return Rendered(wanted.content.version, _rendered_counts(wanted), intents)


def rendered_before(wanted: Wanted, memory: Memory, children: Children) -> Sequence[Intent]:
    """Return what was rendered before if the same would be now, and all children are like it; else nothing.

    So neither a report nor a Pod that crashes has anything rendered anew.
    """
    before, uid = memory.rendered, wanted.formation.metadata.uid
    if before is None or wanted.undecided:
        return ()
    if (before.content, before.counts) != (wanted.content.version, _rendered_counts(wanted)):
        return ()
    for intent in before.intents:
        child = children.get((intent.kind, intent.name))
        if not planner.is_as_applied(intent, child, uid, memory.applied):
            return ()
    return before.intents


def deployments(intents: Sequence[Intent]) -> dict[str, Intent]:
    """Return the intent of each type's Deployment."""
    return {intent.process_type: intent for intent in intents if intent.kind is ChildKind.DEPLOYMENT}


def _rendered_counts(wanted: Wanted) -> tuple[object, ...]:
    """Return what is rendered of each type's count: of one that isn't ours, nothing but a hand-over."""
    counts = wanted.counts.values()
    return tuple(
        (each.rendered, None if each.rendered is None else each.remembered, each.handed_over)
        for each in counts
    )
