"""The outcomes of a plan's actions, and the texts of the Events about them."""

import dataclasses
from typing import Any

from formation_operator.api.reasons import Trouble
from formation_operator.kube import errors
from formation_operator.kube.notices import Notice
from formation_operator.observe import children
from formation_operator.observe.children import Child
from formation_operator.observe.faults import Problem
from formation_operator.render import merge
from formation_operator.sync.planner import Action, Verb


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The outcome of one action."""

    action: Action
    child: Child | None = None
    """The object as it is now, if it was written or found."""
    again: bool = False
    """Whether nothing was written because the object has changed: the next pass decides again."""
    taken_over: bool = False
    """Whether the managed fields of its creator were made ours instead."""
    gone: bool = False
    problem: Problem | None = None
    """Why it couldn't be done."""
    notices: tuple[Notice, ...] = ()

    @property
    def is_repair(self) -> bool:
        """Whether it counts as a repair, of which `repair_limit` allows only some."""
        verbs = Verb.REPAIR, Verb.ADOPT, Verb.SCALE
        return self.taken_over or (self.action.verb in verbs and not self.again)

    def with_event(self, notice: Notice) -> "Outcome":
        """Return the outcome with an Event, if anything was done."""
        return self if self.again else dataclasses.replace(self, notices=(notice,))


def refused(action: Action, error: errors.RefusedError) -> Problem:
    """Return why a write was refused; if that is a selector, which can't be changed, the way out."""
    text, child = str(error), action.child
    if child is not None and "spec.selector: " in text and "field is immutable" in text:
        ended = "foreground", "once its processes have ended"
        beside = "orphan", "beside its old processes, which keep running until you delete their ReplicaSets"
        cascade, then = ended if child.recreates else beside
        text = (
            f"spec.selector of {child.kind} {child.name} isn't the operator's, and can't be changed: delete "
        )
        text += f"it (kubectl delete deployment {child.name} --cascade={cascade}); it is made again {then}"
    return Problem(action.process_type, Trouble.REFUSED, text)


def recreated(action: Action) -> Notice:
    """Return the Event about an object that another client deleted, with the way to be rid of it."""
    intent = action.intended
    to_zero = f"set spec.processes.{action.process_type}.replicas to 0, or remove the type"
    way_out = intent.without or to_zero
    note = f"{intent.kind} {intent.name} was deleted; created it again. To stop it, {way_out}"
    return Notice("Recreated", "Create", note, warning=True, process_type=action.process_type)


def written(action: Action, raw: dict[str, Any]) -> Outcome:
    """Return the outcome of a write, with an Event if the API server has dropped fields of an autoscaler.

    A field that it drops has a manager all the same.
    """
    child = children.child(raw, action.intended.kind)
    if child.autoscaler is None or merge.merge(action.intended.manifest["spec"], raw["spec"]) == raw["spec"]:
        return Outcome(action, child)
    note = f"the API server has dropped fields of {child.autoscaler}: its version doesn't know them"
    notice = Notice("FieldsDropped", "Apply", note, warning=True, process_type=action.process_type)
    return Outcome(action, child, notices=(notice,))


def adopted(action: Action) -> Notice:
    """Return the Event about an adopted orphan."""
    child = action.existing
    note = f"{child.kind} {child.name} had no owner and carries this Formation's labels: adopted it"
    return Notice("Adopted", "Adopt", note, process_type=action.process_type)


def suspended(action: Action) -> Notice:
    """Return the Event about a CronJob that isn't declared any more, which is deleted later."""
    what = f"{action.existing.kind} {action.existing.name}"
    note = f"{what} is no longer declared: suspended it; it is deleted when no run is active"
    return Notice("Suspended", "Suspend", note, process_type=action.process_type)


def deleted(action: Action) -> Notice:
    """Return the Event about an object that was deleted, because it isn't declared any more or steps back."""
    what = f"{action.existing.kind} {action.existing.name}"
    note = f"{what} is no longer declared: deleted it"
    if action.reason:
        note = f"deleted {what}, which steps back: {action.reason}"
    return Notice("Deleted", "Delete", note, process_type=action.process_type)
