"""The plan of a pass: what to do about each object of a Formation. It sends no request.

Each type and each schedule is planned by itself, and noted in the pass. What isn't wanted is planned once the
rest is written, by what has come of that.
"""

import dataclasses

from formation_operator.api import naming
from formation_operator.api.reasons import Trouble
from formation_operator.controller.passes import Pass
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe.children import Child, Children
from formation_operator.observe.faults import Problem
from formation_operator.observe.snapshot import Snapshot
from formation_operator.render import autoscaler, cron_job, intents, pod_template
from formation_operator.render.intents import Intent
from formation_operator.rollout import canary
from formation_operator.rollout.desired import Desired
from formation_operator.sync import planner
from formation_operator.sync.planner import Action, PlanContext, Verb

WOULD_START = "it would start processes while the Formation is suspended"
BESIDE = "the first process of a singleton starts once its canary has ended"
ENDING = "its one process starts once all others have ended"
NOT_ALONE = "another autoscaler decides about the count"


@dataclasses.dataclass(frozen=True)
class Planning:
    """Plans what to do about the children of a Formation."""

    pass_: Pass
    snapshot: Snapshot
    desired: Desired
    context: PlanContext

    @property
    def names(self) -> list[str]:
        """The types, those that get another count first since somebody waits; the schedules; canaries."""
        counts, suspended = self.desired.counts, self.desired.suspended
        return [*sorted(counts, key=self._turn), *sorted(suspended.keys() - counts.keys()), *self._canaries]

    @property
    def _canaries(self) -> dict[str, str]:
        """The types that have a canary now, by the name of the canary."""
        return {naming.canary(name): name for name in self.desired.canaries}

    def _turn(self, name: str) -> tuple[bool, str]:
        """Return what the order of types depends on: whether one keeps its count, then its name."""
        child = self.snapshot.deployment(name)
        return child is None or self.desired.counts[name].rendered in (None, child.replicas), name

    def leaving(self) -> list[Action]:
        """Return what deletes autoscalers, before a Deployment gets a count of ours or goes.

        Where the content isn't known, or has a type that isn't declared any more, absent bounds say nothing.
        """
        content, spec, found = self.desired.content, self.snapshot.spec, list[Action]()
        for (kind, own), child in self._children.items():
            is_ours = child.is_owned_by(self.context.uid) and not child.deleting
            if kind is not ChildKind.HORIZONTAL_POD_AUTOSCALER or not is_ours:
                continue
            name = naming.type_of(self.snapshot.owner.name, own)
            process, count = spec.processes.get(name), self.desired.counts.get(name)
            is_declared = process is not None and process.autoscaling is not None
            may_go = is_declared or (content.is_known and not self._outlives(name))
            if name in self.desired.autoscaled or not may_go:
                continue
            steps_back = WOULD_START if count is not None and count.suspended else NOT_ALONE
            found.append(Action(Verb.DELETE, name, child=child, reason=steps_back if is_declared else ""))
        return found

    def actions(self, name: str) -> list[Action]:
        """Return what to do about the objects of a type or schedule, and note the intents of it."""
        given, rendered = self._given(name), self.pass_.memory.rendered
        before, noted = rendered.pop(name, (None, ()))
        if given == before and all(map(self._is_answered, noted)):
            self.pass_.intents[name], rendered[name] = noted, (given, noted)
            return []
        intents = self._render(name)
        noted = self.pass_.intents[name] = [dataclasses.replace(each, manifest={}) for each in intents]
        if intents and name not in self._canaries:
            rendered[name] = given, noted
        found = [self._decide(each) for each in intents] if intents else self._alone(name)
        return [each for each in found if each is not None]

    def _given(self, name: str) -> object:
        """Return all that the intents of a type or schedule are rendered from, beside the owner."""
        desired, content = self.desired, self.desired.content
        digest = self.pass_.memory.rollout.digest if content.is_declared else ""
        apart = desired.counts, desired.budgets.own, desired.autoscaled, desired.suspended
        return digest, content.mark, *(each.get(name) for each in apart)

    def _is_answered(self, intent: Intent) -> bool:
        """Return whether nothing has to be done about an object, as the answer to our last write shows."""
        child = self._children.get((intent.kind, intent.name))
        if child is None or child.deleting or not child.is_owned_by(self.context.uid):
            return False
        return not self._is_alone(intent) and planner.as_written(intent, child, self.context)

    def naming(self) -> list[Action]:
        """Return the action that names the content on a Deployment, if there is none that names it.

        One that names a content that was let through later will do.
        """
        mark = self.desired.content.mark
        if mark is None or any(each.again or each.problem for each in self.pass_.outcomes):
            return []
        own = [child for child in self._children.values() if child.is_owned_by(self.context.uid)]
        if any(child.content is not None and child.content >= mark for child in own):
            return []
        for name in sorted(self.desired.content.spec.processes):
            child = self.snapshot.deployment(name)
            if child is not None and not child.deleting:
                for intent in self._render(name):  # nothing if the type is invalid
                    if intent.kind is ChildKind.DEPLOYMENT:
                        return [Action(Verb.UPDATE, name, intent, child)]
        return []

    def obsolete(self) -> list[Action]:
        """Return what to do about the children that aren't wanted, once all that is has been planned.

        Where that isn't known, all of them stay.
        """
        content = self.desired.content
        if not content.is_known:
            return []
        specs = content.spec, self.snapshot.spec
        declared = {name for spec in specs for name in (*spec.processes, *(spec.schedules or ()))}
        beside = [name for name, each in self.desired.counts.items() if each.desired and not each.alone]
        unwritten = [each.action for each in self.pass_.outcomes if each.again or each.problem]
        held = {
            each.process_type for each in unwritten if each.intent and each.intent.kind.traits.runs_processes
        }
        busy = set(self.pass_.busy)
        if any(child.is_canary for child in self._children.values()):
            busy |= {*canary.standing_in(self.snapshot, beside, self.pass_.unplaced, held)}
        if self.desired.rollout.is_unread and not self.snapshot.spec.suspend:
            busy |= {child.uid for child in self._children.values() if child.is_canary}
        found = planner.obsolete(self.snapshot.owner, declared, self.intents, self._children, busy)
        gone = [
            dataclasses.replace(action, reason=self._why(action), foreground=action.existing.is_canary)
            for action in found
            if action.existing.kind is not ChildKind.HORIZONTAL_POD_AUTOSCALER  # they leave before all else
            and not (
                action.existing.kind is ChildKind.POD_DISRUPTION_BUDGET
                and self._outlives(action.process_type)
            )
        ]
        return [*gone, *self._orphans()]

    def _outlives(self, name: str) -> bool:
        """Return whether a type is rendered that isn't declared any more: what is no content of it stays."""
        return name in self.desired.content.spec.processes and name not in self.snapshot.spec.processes

    def _orphans(self) -> list[Action]:
        """Return what adopts canaries that aren't wanted and have no owner: the next pass deletes them."""
        intended, app = {(each.kind, each.name) for each in self.intents}, self.snapshot.owner.name
        return [
            Action(Verb.ADOPT, naming.type_of(app, child.name), child=child)
            for each, child in self._children.items()
            if each not in intended
            and child.is_orphan_of(app, naming.type_of(app, child.name))
            and child.is_canary
            and not child.deleting
        ]

    @property
    def intents(self) -> list[Intent]:
        """The intents of all that was planned, without the manifests."""
        return [intent for each in self.pass_.intents.values() for intent in each]

    @property
    def _children(self) -> Children:
        return self.snapshot.children

    def _render(self, name: str) -> list[Intent]:
        """Return the intents of a type or schedule; note why it can't be rendered if it can't."""
        owner, content = self.snapshot.owner, self.desired.content.spec
        try:
            if of := self._canaries.get(name):
                spec = self.snapshot.spec
                return [intents.canary(owner, spec, of, self.desired.canaries[of])]
            if name in (content.schedules or ()):
                return [cron_job.cron_job(owner, content, name, suspend=self.desired.suspended[name])]
            if name in content.processes:
                count, budget = self.desired.counts[name], self.desired.budgets.own.get(name)
                found = intents.children(owner, content, name, count, budget, self.desired.content.mark)
                bounds = self.desired.autoscaled.get(name)
                if bounds:
                    found.append(autoscaler.autoscaler(owner, content, name, bounds, found[0]))
                return found
        except pod_template.InvalidTypeError as error:
            self.pass_.faults.problems[name] = Problem(name, Trouble.INVALID_SPEC, str(error))
        except Exception as error:
            self.pass_.faults.note(name, error)
        return []

    def _decide(self, intent: Intent) -> Action | None:
        """Return what to do about an object, if anything; remember whether it is as intended."""
        child = self._children.get((intent.kind, intent.name))
        if self._waits_for_canary(intent):
            name = intent.process_type
            return Action(Verb.WAIT, name, problem=Problem(name, Trouble.WAITING, BESIDE, lasting=False))
        try:
            if child is not None and self._is_in_the_way(intent, child):
                return Action(Verb.DELETE, intent.process_type, child=child, foreground=True)
            action = planner.decide(intent, child, self.context)
            if action is not None and child is not None and self._has_to_end(intent, child, action):
                action = self._emptied(intent, child)
            if action is None and child is not None and self._leaves_one(intent, child):
                action = Action(Verb.UPDATE, intent.process_type, intent, child)
        except Exception as error:
            self.pass_.faults.note(intent.process_type, error)
            return None
        if child is not None:
            note = self.pass_.memory.remember if action is None else self.pass_.memory.forget
            note(child, intent)
        return action

    def _is_in_the_way(self, intent: Intent, child: Child) -> bool:
        """Return whether a Deployment of ours that isn't wanted any more has the name of one that is.

        A canary may be named like a type that is removed, and no selector changes.
        """
        is_surplus = self.desired.content.is_known and child.is_owned_by(self.context.uid)
        return is_surplus and child.is_canary != intent.is_canary and not child.deleting

    def _is_alone(self, intent: Intent) -> bool:
        """Return whether an object is the Deployment of a type whose old process ends before a new one."""
        count = self.desired.counts.get(intent.process_type)
        return intent.kind is ChildKind.DEPLOYMENT and count is not None and count.alone

    def _waits_for_canary(self, intent: Intent) -> bool:
        """Return whether a singleton's process would start while one of its canary's may still run."""
        return self._is_alone(intent) and self.snapshot.canary(intent.process_type) is not None

    def _has_to_end(self, intent: Intent, child: Child, action: Action) -> bool:
        """Return whether a type becomes a singleton amid a rollout: Kubernetes would wait for ever then.

        A Deployment that recreates its Pods ends no old process while it has two ReplicaSets with processes.
        """
        is_write = action.verb in (Verb.UPDATE, Verb.REPAIR) and not child.recreates
        runs_two = child.rollout.current and child.rollout.updated < child.rollout.total
        return self._is_alone(intent) and is_write and runs_two

    def _emptied(self, intent: Intent, child: Child) -> Action:
        """Return what ends all processes of a type; it is written as it is to be once they have ended."""
        name, count = intent.process_type, self.desired.counts[intent.process_type]
        if child.replicas:
            none = dataclasses.replace(count, desired=0, rendered=0)
            return Action(Verb.SCALE, name, child=child, count=none)
        return Action(Verb.WAIT, name, problem=Problem(name, Trouble.WAITING, ENDING, lasting=False))

    def _leaves_one(self, intent: Intent, child: Child) -> bool:
        """Return whether a type stops being a singleton, and its Deployment doesn't name that content yet."""
        content = self.desired.content
        if not self._is_alone(intent) or child.content == content.mark:
            return False
        return not content.spec.processes[intent.process_type].singleton

    def _alone(self, name: str) -> list[Action | None]:
        """Return what writes the count alone of a type whose Deployment can't be rendered.

        For a schedule it writes alone whether runs begin. Where the content isn't known, a type and a
        schedule may share a name.
        """
        owner, desired = self.snapshot.owner, self.desired
        named = ((ChildKind.DEPLOYMENT, desired.counts), (ChildKind.CRON_JOB, desired.suspended))
        own = [self._children.get((kind, naming.child(owner.name, name))) for kind, of in named if name in of]
        return [
            planner.adopt(name, child, owner, self.context) or planner.alone(name, child, self.context)
            for child in own
            if child is not None
        ]

    def _why(self, action: Action) -> str:
        """Return why an object goes that is declared; nothing if it isn't any more."""
        steps_back = action.existing.kind == ChildKind.POD_DISRUPTION_BUDGET
        return self.desired.budgets.contended.get(action.process_type, "") if steps_back else ""
