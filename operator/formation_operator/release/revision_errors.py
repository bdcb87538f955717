"""Why a revision, or the Job of a release, can't be written, and what is said of that, with the way out."""

from formation_operator.api.reasons import Trouble
from formation_operator.kube import errors
from formation_operator.observe.faults import Problem

LOST = "you can't go back to this content"
HELD = "the deploy waits, because its revision, or that of what runs, can't be read or written"
RIGHTS = errors.rights_for("controllerrevisions.apps")
ROOM = "raise the quota for controllerrevisions.apps, or lower spec.revisionHistoryLimit"


class TakenError(errors.ClusterError):
    """The name is another object's."""

    def __init__(self, kind: str, name: str, unlike: str) -> None:
        """Take kind and name, and what the object has if it isn't foreign, such as ``another content``."""
        shown = f"kubectl get {kind.lower()} {name} -o yaml shows it; delete it if it isn't needed"
        super().__init__(f"a {kind} {name} exists, and is foreign or has {unlike}: {shown}")


class LeavingError(errors.ClusterError):
    """The name is that of an object that goes with its Formation, which had the same name."""


def is_quota(error: errors.ClusterError) -> bool:
    """Return whether a revision can't be created because there are too many."""
    return isinstance(error, errors.UnavailableError) and "quota" in str(error)


def problem(error: errors.ClusterError, follows: str = LOST) -> Problem:
    """Return what is said of an error, and what follows from it."""
    match error:
        case TakenError():
            return Problem("", Trouble.NAME_TAKEN, f"{follows}: {error}")
        case errors.ForbiddenError():
            return Problem("", Trouble.REFUSED, f"{follows}: {error}: {RIGHTS}")
        case errors.RefusedError():
            return Problem("", Trouble.REFUSED, f"{follows}: {error}")
        case _ if is_quota(error):
            return Problem("", Trouble.RETRYING, f"{follows}: {error}: {ROOM}", lasting=False)
        case _:
            return Problem("", Trouble.RETRYING, f"{follows}: {error}", lasting=False)
