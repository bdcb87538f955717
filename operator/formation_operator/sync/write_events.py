"""The texts of the Events about children that were created again, adopted or deleted."""

from formation_operator.kube.events.notices import Notice
from formation_operator.sync.planner import Action


def recreated(action: Action) -> Notice:
    """Return the Event about an object that another client deleted, with the way to be rid of it."""
    intent = action.meant
    stopped = f"set spec.processes.{action.process_type}.replicas to 0, or remove the type"
    way = intent.without or stopped
    note = f"{intent.kind} {intent.name} was deleted; created it again. To stop it, {way}"
    return Notice("Recreated", "Create", note, warning=True, process_type=action.process_type)


def adopted(action: Action) -> Notice:
    """Return the Event about an adopted orphan."""
    child = action.known
    note = f"{child.kind} {child.name} had no owner and carries this Formation's labels: adopted it"
    return Notice("Adopted", "Adopt", note, process_type=action.process_type)


def suspended(action: Action) -> Notice:
    """Return the Event about a CronJob that isn't declared any more, which is deleted later."""
    child = action.known
    note = (
        f"{child.kind} {child.name} is no longer declared: suspended it; it is deleted when no run is active"
    )
    return Notice("Suspended", "Suspend", note, process_type=action.process_type)


def deleted(action: Action) -> Notice:
    """Return the Event about an object that was deleted, because it isn't declared any more or steps back."""
    what = f"{action.known.kind} {action.known.name}"
    note = f"{what} is no longer declared: deleted it"
    if action.reason:
        note = f"deleted {what}, which steps back: {action.reason}"
    return Notice("Deleted", "Delete", note, process_type=action.process_type)
