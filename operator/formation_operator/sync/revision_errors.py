"""Why a revision can't be written, and what is said of that, with the way out."""

from formation_operator.api.reasons import Trouble
from formation_operator.kube import errors
from formation_operator.observe.faults import Problem

LOST = "you can't go back to this content"
RIGHTS = "apply the rights of the operator's version (manifests/rbac), with controllerrevisions.apps"
ROOM = "raise the quota for controllerrevisions.apps, or lower spec.revisionHistoryLimit"


class TakenError(errors.ClusterError):
    """The name of a revision is another object's."""


class LeavingError(errors.ClusterError):
    """The name of a revision is that of one that goes with its Formation, which had the same name."""


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
