"""What to do about each object, from intents and children: pure, and the only place that decides this.

An object is *ours* when its controller is this Formation.  An *orphan* carries our labels and our
selector but has no controller (a restored backup, ``kubectl delete --cascade=orphan``): it is
adopted, as a ReplicaSet adopts Pods.  Anything else of our name is *foreign* and is never touched.
"""

import dataclasses
import enum
from collections.abc import Collection, Iterable, Mapping, Sequence

from formation_operator.api import naming
from formation_operator.api.formation import Metadata
from formation_operator.api.reasons import Trouble
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe import managed_fields
from formation_operator.observe.children import COUNTS_ALONE, Child, Children, Owner
from formation_operator.observe.faults import Problem
from formation_operator.render.intents import Intent
from formation_operator.replicas.count_owner import Replicas

ENDS_LAST = (
    "; it goes after its Pod, which kubectl delete pod --force ends at once, as on a node that is lost"
)


class Verb(enum.Enum):
    """What happens to one object."""

    CREATE = "create"
    UPDATE = "update"
    REPAIR = "repair"
    ADOPT = "adopt"
    """Give an orphan its owner, and nothing else: what it is to be is decided after that."""
    SCALE = "scale"
    """Write the count alone, where it isn't known what else an object is to be, or that is refused."""
    SET_SUSPEND = "set suspend of"
    """Write of a CronJob alone whether it begins runs, where SCALE would write a count."""
    SUSPEND = "suspend"
    """Before a CronJob is deleted, whose runs would be deleted with it."""
    DELETE = "delete"
    WAIT = "wait"
    REFUSE = "refuse"


@dataclasses.dataclass(frozen=True)
class Action:
    """One object, and what to do with it."""

    verb: Verb
    process_type: str
    intent: Intent | None = None
    child: Child | None = None
    problem: Problem | None = None
    """Why a WAIT or REFUSE does nothing, and the way out."""
    reason: str = ""
    """Why a DELETE takes away what is declared."""
    foreground: bool = False
    """Whether a DELETE leaves the object there until its Pods are gone."""
    count: Replicas | None = None
    """The count of a SCALE."""
    suspend: bool = True
    """Whether a CronJob begins no run after that; only a SET_SUSPEND may have it begin runs again."""

    @property
    def intended(self) -> Intent:
        """The intent of a verb that writes one."""
        assert self.intent is not None  # noqa: S101  # the planner gives these verbs an intent
        return self.intent

    @property
    def existing(self) -> Child:
        """The object as it was decided about, if the verb changes one."""
        assert self.child is not None  # noqa: S101  # the planner gives these verbs a child
        return self.child


@dataclasses.dataclass(frozen=True)
class PlanContext:
    """What decisions need to know beside the intents and the children."""

    uid: str
    living: Collection[str]
    """Uids of all Formations that exist."""
    applied: Mapping[str, tuple[str, str]]
    """By uid: the intent that we wrote last to an object, and the fields that the server let us own then."""
    restless: Mapping[str, str]
    """By process type: why a suspended type can't be kept at zero, and the way out."""
    exhausted: Collection[str]
    """Uids of the objects that were repaired or adopted so often that they may not be now."""
    counts: Mapping[str, Replicas] = dataclasses.field(default_factory=dict)
    """The count of each type."""
    suspended: Mapping[str, bool] = dataclasses.field(default_factory=dict)
    """Whether each schedule begins no run."""


RENAME = "rename the process type or the Formation"


def obsolete(
    owner: Metadata,
    declared: Iterable[str],
    intents: Sequence[Intent],
    children: Children,
    busy: Collection[str] = (),
) -> list[Action]:
    """Return the actions that delete the children that a Formation doesn't want any more.

    A CronJob is suspended first, and not deleted as long as its uid is in ``busy``. A child with the name of
    a declared type's or schedule's stays if that has no intents: it couldn't be rendered, so it isn't known
    what is wanted. Labels don't count, because anyone may write them.
    """
    intended = {(intent.kind, intent.name) for intent in intents}
    unknown = {naming.child(owner.name, name) for name in declared} - {intent.name for intent in intents}
    actions = [
        Action(_farewell(child), naming.type_of(owner.name, child.name), child=child)
        for identity, child in children.items()
        if child.is_owned_by(owner.uid)
        and not (identity in intended or child.name in unknown or child.deleting)
    ]
    return [each for each in actions if each.verb is not Verb.DELETE or each.existing.uid not in busy]


def _farewell(child: Child) -> Verb:
    begins_runs = child.kind is ChildKind.CRON_JOB and not child.runs.suspended
    return Verb.SUSPEND if begins_runs else Verb.DELETE


def decide(intent: Intent, child: Child | None, context: PlanContext) -> Action | None:
    """Return what to do about one intent, or nothing when the object is as we want it."""
    if child is None:
        return Action(Verb.CREATE, intent.process_type, intent)
    if child.deleting:
        last = ENDS_LAST if child.is_canary else ""
        return _wait(intent, child, f"{child.kind} {child.name} is still being deleted{last}")
    if child.owner is None:
        return _adopt(intent, child, context)
    if child.owner.uid != context.uid:
        return _other(intent, child, child.owner, context)
    if as_written(intent, child, context):
        return None
    return _change(intent, child, context)


def alone(name: str, child: Child | None, context: PlanContext) -> Action | None:
    """Return the action that writes alone how much of a type's or schedule's object runs, if that differs."""
    if child is None or child.deleting or not child.is_owned_by(context.uid):
        return None
    if child.kind.traits.runs_processes and name in context.counts:
        return _scale(name, child, context.counts[name], context)
    is_suspended = child.runs.suspended
    if child.kind is ChildKind.CRON_JOB and context.suspended.get(name, is_suspended) != is_suspended:
        return Action(Verb.SET_SUSPEND, name, child=child, suspend=not is_suspended)
    return None


def _scale(name: str, child: Child, count: Replicas, context: PlanContext) -> Action | None:
    """Return the action that writes the count of a type's own Deployment alone, if it has another one.

    A singleton's waits for its own content: as long as what runs isn't one, none of it is stopped.
    """
    if count.alone and not child.recreates and count.now == 1 < child.replicas:
        return None
    replicas = child.replicas if count.now is None else count.now
    if count.rendered is None:  # what was remembered until now would come back after a suspension
        remembers = child.remembered is None or count.undecided is not None
    else:
        remembers = not child.owns_count or child.remembered == count.remembered
    # What a patch leaves as it is doesn't become ours: the annotation of a restored Deployment.
    remembers = remembers or (child.remembered is None and child.digest == COUNTS_ALONE)
    if replicas == child.replicas and remembers:
        return None
    if child.uid in context.exhausted and child.digest == COUNTS_ALONE:
        reason = f"another client keeps changing the count of {child.kind} {child.name} back"
        return Action(Verb.WAIT, name, child=child, problem=_passing(name, reason))
    return Action(Verb.SCALE, name, child=child, count=count)


def adopt(name: str, child: Child, owner: Metadata, context: PlanContext) -> Action | None:
    """Return the action that adopts an orphan of a type or schedule, whatever else it is to be."""
    if not child.is_orphan_of(owner.name, name) or child.deleting or child.uid in context.exhausted:
        return None
    return Action(Verb.ADOPT, name, child=child)


def as_written(intent: Intent, child: Child, context: PlanContext) -> bool:
    """Return whether the object was last written with this intent, and we still own all its fields.

    The fields that the server let us own after that write count as all: it may have dropped an empty field,
    and the same write again would change nothing. An intent without its manifest is known by that alone.
    """
    if child.digest != intent.digest or intent.handed_over is not None or not child.owned:
        return False
    is_answered = context.applied.get(child.uid) == (intent.applied_as, child.owned)
    manifest = intent.manifest
    return is_answered or bool(manifest and managed_fields.covers(manifest, child.owned, context.uid))


def _adopt(intent: Intent, child: Child, context: PlanContext) -> Action:
    formation = intent.manifest["metadata"]["labels"][naming.FORMATION_LABEL]
    # A type may be named as another one's canary is.
    if not child.is_orphan_of(formation, intent.process_type) or child.is_canary != intent.is_canary:
        return _refuse(intent, f"a {child.kind} named {child.name} exists, and this operator didn't make it")
    if child.uid in context.exhausted:
        return _leave(intent, child)
    return Action(Verb.ADOPT, intent.process_type, intent, child)


def _other(intent: Intent, child: Child, owner: Owner, context: PlanContext) -> Action:
    if not owner.is_formation:
        return _refuse(intent, f"the {child.kind} {child.name} belongs to {owner.kind} {owner.name}")
    if owner.uid in context.living:
        return _refuse(intent, f"Formation {owner.name} already has a {child.kind} {child.name}", RENAME)
    reason = f"{child.kind} {child.name} belongs to a Formation {owner.name} that was deleted"
    return _wait(intent, child, reason)


def _change(intent: Intent, child: Child, context: PlanContext) -> Action:
    """Update an object to a new intent, or repair it, unless another client undoes that repeatedly."""
    # A client that replaced the whole object has removed the digest, too.
    is_other = child.digest not in (intent.digest, None) or intent.handed_over is not None
    is_other = is_other or not managed_fields.is_whole(child.owned)  # so each new leader writes it
    written_last, _ = context.applied.get(child.uid, (None, ""))
    if is_other and written_last != intent.applied_as:  # otherwise another client has written that digest
        return Action(Verb.UPDATE, intent.process_type, intent, child)
    restless = context.restless.get(intent.process_type)
    if restless and child.kind.traits.runs_processes and not child.owns_count and child.replicas > 0:
        problem = Problem(intent.process_type, Trouble.CAN_NOT_SUSPEND, restless)
        return Action(Verb.REFUSE, intent.process_type, intent, child, problem)
    if child.uid in context.exhausted:
        return _leave(intent, child)
    return Action(Verb.REPAIR, intent.process_type, intent, child)


def _leave(intent: Intent, child: Child) -> Action:
    """Wait instead of fighting another client."""
    reason = f"another client keeps changing {child.kind} {child.name} back: see the Events for its name"
    return _wait(intent, child, reason)


def _wait(intent: Intent, child: Child, reason: str) -> Action:
    return Action(Verb.WAIT, intent.process_type, intent, child, _passing(intent.process_type, reason))


def _passing(name: str, reason: str) -> Problem:
    return Problem(name, Trouble.WAITING, reason, lasting=False)


def _refuse(intent: Intent, reason: str, way_out: str = f"{RENAME}, or remove that object") -> Action:
    without = f"{intent.without}, " if intent.without else ""
    problem = Problem(intent.process_type, Trouble.NAME_TAKEN, f"{reason}: {without}{way_out}")
    return Action(Verb.REFUSE, intent.process_type, intent, problem=problem)
