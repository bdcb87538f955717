"""What can go wrong when the cluster is asked for something, by what the caller can do about it."""

import re

TEST_FAILED = "rejected our request due to an error in our request"
"""What the API server says, with code 422 for all of them, when the ``test`` of a JSON patch fails."""

DENIED = re.compile("denied (?:the )?request")
"""How an admission webhook, or a policy, says no, whatever the code.

Source: ``k8s.io/apiserver/pkg/admission/plugin/webhook/errors`` and ``.../plugin/policy/validating``.
"""


class ClusterError(Exception):
    """The API server didn't do what was asked; the text is its own message."""


class RefusedError(ClusterError):
    """The request is wrong and will be until somebody changes something (400, 403, 413, 422).

    Of 500 what doesn't fit the schema is among it.
    """


class ForbiddenError(RefusedError):
    """We lack the right to it (403)."""


class InvalidError(RefusedError):
    """What was sent isn't allowed there: by the schema, a rule, or the ``test`` of a patch (422)."""


class ConflictError(ClusterError):
    """The object isn't what we thought: another one, changed, or owned by somebody else (409)."""


class ExpiredError(ClusterError):
    """What was to be read from has been too long ago (410): only a new list helps."""


class NotFoundError(ClusterError):
    """The object, its namespace or the kind itself doesn't exist (404)."""

    def __init__(self, text: str, name: str = "") -> None:
        """Take the server's words, and the name of what doesn't exist if they have it."""
        super().__init__(text)
        self._name = name

    def require(self, name: str) -> None:
        """Raise `UnavailableError` unless it is about what has a name.

        The API server names what it doesn't have; a page of some proxy's doesn't, and it may be there.
        """
        if self._name != name:
            raise UnavailableError(str(self)) from self


class RestoredError(Exception):
    """The cluster is older than it was: its data was restored, and all that is known of it may be wrong."""


class UnavailableError(ClusterError):
    """The server can't do it now: overload, time-out, a lost connection or a full quota. Try again later."""


def is_late(error: RefusedError) -> bool:
    """Tell whether the object was changed before what was sent came to it."""
    return TEST_FAILED in str(error)


def is_verdict(error: RefusedError) -> bool:
    """Tell whether somebody has looked at what was sent and won't have it.

    Else nobody has: it came too late, we lack a right, or something on the way says no.
    """
    return not is_late(error) and (isinstance(error, InvalidError) or DENIED.search(str(error)) is not None)
