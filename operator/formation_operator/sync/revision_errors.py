"""Why a revision, or the Job of a release, can't be written, and what is said of that, with the way out."""

from formation_operator.api.reasons import Trouble
from formation_operator.kube import errors
from formation_operator.observe.faults import Problem

LOST = "you can't go back to this content"
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


def problem(error: errors.ClusterError) -> Problem:
    """Return what is said of an error."""
    match error:
        case TakenError():
            return Problem("", Trouble.NAME_TAKEN, f"{LOST}: {error}")
        case errors.ForbiddenError():
            return Problem("", Trouble.REFUSED, f"{LOST}: {error}: {RIGHTS}")
        case errors.RefusedError():
            return Problem("", Trouble.REFUSED, f"{LOST}: {error}")
        case _ if "quota" in str(error):
            return Problem("", Trouble.RETRYING, f"{LOST}: {error}: {ROOM}")
        case _:
            return Problem("", Trouble.RETRYING, f"{LOST}: {error}")
