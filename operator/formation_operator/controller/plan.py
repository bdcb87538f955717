"""The plan of a pass: what is wanted, and the actions that bring a Formation's children to that.

It is a value, decided before anything is written. Types that get another count are planned first, because
somebody waits for those. A large Formation is planned in parts, so that its manifests fit into memory.
"""

import asyncio
import dataclasses
import functools
from collections.abc import Collection, Mapping, Sequence

from formation_operator.api import bounds, naming
from formation_operator.api.formation import Formation
from formation_operator.api.reasons import Trouble
from formation_operator.controller.memory import Memory, Rendered
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe.children import Child, Children, deployment_of
from formation_operator.observe.faults import Faults, Problem
from formation_operator.release.asked import Content
from formation_operator.render import cron_job, desired, pod_template
from formation_operator.render.desired import Intent
from formation_operator.render.disruption import Budgets
from formation_operator.replicas.count_owner import Replicas
from formation_operator.sync import planner
from formation_operator.sync.planner import Action, PlanContext, Verb

MOST_MANIFESTS = 256 * bounds.KIB
"""Bytes of manifests as compact JSON: from there on, these are written before the next type is rendered."""


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A content, and the counts with which it is rendered."""

    formation: Formation
    """As it is now: `suspend` and `paused` are taken from it."""
    content: Content
    undecided: Sequence[Problem] = ()
    """Why a type's count stays as it is."""
    counts: Mapping[str, Replicas] = dataclasses.field(default_factory=dict)
    """The count of each type of the content."""
    budgets: Budgets = dataclasses.field(default_factory=Budgets)
    """The disruption budgets of its types."""
    unlisted: Sequence[Problem] = ()
    """Why a type's disruption budget can't be decided about."""
    busy: Collection[str] = ()
    """The uids of the CronJobs of which a run may go on."""

    down: Collection[str] = ()
    """The schedules that stay suspended until their content is released."""

    @functools.cached_property
    def suspended(self) -> Mapping[str, bool]:
        """Whether each schedule of the content begins no run."""
        return cron_job.suspended(self.formation.spec, self.content.spec, self.down)


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to do about some of a Formation's types."""

    actions: Sequence[Action]
    intents: Sequence[Intent]
    """All that is wanted of these types, without the manifests."""
    failed: Sequence[Problem]
    """Why a type can't be rendered."""
    rest: Sequence[str]
    """The types that are planned after these actions were carried out."""


@dataclasses.dataclass(frozen=True)
class Planning:
    """Plans what to do about the children of a Formation; it yields to others after each type and object."""

    wanted: Wanted
    children: Children
    context: PlanContext
    memory: Memory
    """It says which children are as intended: to find that out takes longer than all else."""
    faults: Faults

    @property
    def parts(self) -> tuple[Sequence[str], Sequence[str]]:
        """The types that get another count, and then all others, and the schedules."""
        about, counts = self.wanted.formation.metadata, self.wanted.counts
        changed, others = list[str](), list[str]()
        for name in sorted(counts):
            child = deployment_of(self.children, about.name, name)
            keeps_count = child is None or counts[name].rendered in (None, child.replicas)
            (others if keeps_count else changed).append(name)
        return changed, [*others, *sorted(self.wanted.suspended)]

    async def plan(self, types: Sequence[str]) -> Plan:
        """Return what to do about the first of some types: as many as fit into memory together."""
        actions: list[Action] = []
        intents: list[Intent] = []
        failed: list[Problem] = []
        held = number = 0
        while number < len(types) and held < MOST_MANIFESTS:
            rendered = await self._render(types[number], failed)
            if not rendered and (scaled := self._scale(types[number])):
                actions.append(scaled)
            for intent in rendered:
                action = None if self.wanted.formation.spec.paused else await self._decide(intent)
                if action is not None:
                    actions.append(action)
                    held += intent.size
                intents.append(intent.without_manifest())
            number += 1
        return Plan(actions, intents, failed, types[number:])

    def _scale(self, name: str) -> Action | None:
        """Return the action that writes the count of a type whose Deployment can't be rendered.

        A schedule has no count: its action says whether it begins runs.
        """
        formation = self.wanted.formation
        kind = ChildKind.CRON_JOB if name in self.wanted.suspended else ChildKind.DEPLOYMENT
        child = self.children.get((kind, naming.child(formation.metadata.name, name)))
        if child is None or formation.spec.paused:
            return None
        adopted = planner.adopt(name, child, formation.metadata, self.context)
        return adopted or planner.alone(name, child, self.context)

    def _pauses(self) -> list[Action]:
        """Return what adopts schedules, and stops those that are suspended now.

        It isn't known what else they are.
        """
        today, about = self.wanted.formation.spec, self.wanted.formation.metadata
        cron_jobs = [child for (kind, _), child in self.children.items() if kind is ChildKind.CRON_JOB]
        found = list[Action | None]()
        for child in cron_jobs:
            name = naming.type_of(about.name, child.name)
            schedule = today.schedule(name)
            if adopted := planner.adopt(name, child, about, self.context):
                found.append(adopted)
            elif today.suspend or (schedule is not None and schedule.suspend):
                found.append(planner.pause(name, child, self.context, suspend=True))
        return [each for each in found if each is not None]

    async def naming(self) -> Action | None:
        """Return the action that names the content on a Deployment, where it changes none; else nothing."""
        mark, formation = self.wanted.content.mark, self.wanted.formation
        if mark is None or formation.spec.paused:
            return None
        for name in sorted(self.wanted.content.spec.processes):
            child = deployment_of(self.children, formation.metadata.name, name)
            if child is not None and child.is_owned_by(self.context.uid) and not child.deleting:
                for intent in await self._render(name, []):  # nothing if the type is invalid
                    if intent.kind is ChildKind.DEPLOYMENT:
                        return Action(Verb.UPDATE, name, intent, child)
        return None

    @property
    def is_named(self) -> bool:
        """Whether a Deployment names the content, or one that was let through later."""
        marks = (child.content for child in self.children.values() if child.is_owned_by(self.context.uid))
        mark = self.wanted.content.mark
        return mark is None or any(each is not None and each >= mark for each in marks)

    def obsolete(self, intents: Sequence[Intent]) -> list[Action]:
        """Return what to do about the children that aren't wanted, given the intents of all that is.

        Where that isn't known, all of them stay, and schedules may be suspended.
        """
        formation = self.wanted.formation
        if formation.spec.paused:
            return []
        if not self.wanted.content.known:
            return self._pauses()
        specs = self.wanted.content.spec, formation.spec
        declared = {name for spec in specs for name in (*spec.processes, *(spec.schedules or ()))}
        found = planner.obsolete(formation.metadata, declared, intents, self.children, self.wanted.busy)
        return [dataclasses.replace(action, reason=self._why(action)) for action in found]

    def _why(self, action: Action) -> str:
        """Return why an object goes that is declared; nothing if it isn't any more."""
        steps_back = action.known.kind == ChildKind.POD_DISRUPTION_BUDGET
        return self.wanted.budgets.contended.get(action.process_type, "") if steps_back else ""

    async def _render(self, name: str, failed: list[Problem]) -> list[Intent]:
        """Return the intents of a type or schedule, or note in ``failed`` why it can't be rendered."""
        found: list[Intent] = []
        owner, content = self.wanted.formation.metadata, self.wanted.content.spec
        with self.faults.confined_to(name):
            try:
                if name in self.wanted.suspended:
                    found = [cron_job.cron_job(owner, content, name, suspend=self.wanted.suspended[name])]
                else:
                    budget = self.wanted.budgets.wanted.get(name)
                    count, mark = self.wanted.counts[name], self.wanted.content.mark
                    if name in content.processes:
                        found = desired.children(owner, content, name, count, budget, mark)
            except pod_template.InvalidTypeError as error:
                failed.append(Problem(name, Trouble.INVALID_SPEC, str(error)))
        await asyncio.sleep(0)
        return found

    async def _decide(self, intent: Intent) -> Action | None:
        """Return what to do about an object, if anything; remember whether it is as intended."""
        action, child = None, self.children.get((intent.kind, intent.name))
        with self.faults.confined_to(intent.process_type):
            action = planner.decide(intent, child, self.context)
            if action is None and child is not None and self._leaves_one(intent, child):
                action = Action(Verb.UPDATE, intent.process_type, intent, child)
            if child is not None:
                note = self.memory.remember if action is None else self.memory.forget
                note(child, intent)
        await asyncio.sleep(0)
        return action

    def _leaves_one(self, intent: Intent, child: Child) -> bool:
        """Return whether a type stops being a singleton, and its Deployment doesn't name that content yet."""
        count, content = self.wanted.counts.get(intent.process_type), self.wanted.content
        if intent.kind is not ChildKind.DEPLOYMENT or count is None or child.content == content.mark:
            return False
        return count.alone and not content.spec.processes[intent.process_type].singleton

    def as_before(self) -> list[Intent]:
        """Return all intents if they were rendered before and the children are like them; else nothing.

        So nothing is rendered for a report, or for a Pod that crashes.
        """
        before, formation = self.memory.rendered, self.wanted.formation.metadata.name
        if before is None or (before.content, before.counts) != (self.wanted.content.version, self._counts):
            return []
        intents = [
            Intent(child.kind, child.name, type_, {}, child.digest or "", images=child.images)
            for child in self.children.values()
            if child.uid in self.memory.applied and (type_ := naming.type_of(formation, child.name))
        ]
        return intents if before == self.rendered(intents) else []

    def rendered(self, intents: Sequence[Intent]) -> Rendered | None:
        """Return what to remember of all intents; nothing if a child isn't as intended."""
        for intent in intents:
            child = self.children.get((intent.kind, intent.name))
            if child is None or child.images != intent.images:
                return None
            if not planner.is_as_applied(intent, child, self.context):
                return None
        return Rendered(self.wanted.content.version, self._counts, len(intents))

    @property
    def _counts(self) -> tuple[object, ...]:
        """What is rendered of each type's count and budget, and whether each schedule is suspended.

        If a count isn't ours, that is only a hand-over.
        """
        counts, budgets = self.wanted.counts.items(), self.wanted.budgets.wanted
        return (
            *(
                (
                    *(each.rendered, each.rendered and each.remembered, each.handed_over, each.alone),
                    budgets.get(name),
                )
                for name, each in counts
            ),
            *self.wanted.suspended.values(),
        )
