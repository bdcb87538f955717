"""How a request to the cluster can fail, by what the caller can do about it."""

import re

TEST_FAILED = "rejected our request due to an error in our request"
"""What the API server says, with the status 422, if a ``test`` of a JSON patch fails."""

DENIED = re.compile("denied (?:the )?request")
"""How an admission webhook or a policy refuses a request, whatever the status code.

Source: ``k8s.io/apiserver/pkg/admission/plugin/webhook/errors`` and ``.../plugin/policy/validating``.
"""


class ClusterError(Exception):
    """The API server didn't carry out a request; the text is its own message."""


class RefusedError(ClusterError):
    """The request fails until somebody changes something (400, 403, 413, 422).

    A request that fails with 500 because a stored object doesn't fit the schema is one, too.
    """


class ForbiddenError(RefusedError):
    """We have no right to do this (403)."""


class InvalidError(RefusedError):
    """The schema, a rule, or the ``test`` of a patch forbids what was sent (422)."""


class ConflictError(ClusterError):
    """The object is another one, has changed, or has fields that another field manager owns (409)."""


class ExpiredError(ClusterError):
    """The version to read from is too old (410): only a new list helps."""


class NotFoundError(ClusterError):
    """The object, its namespace or the kind itself doesn't exist (404)."""


class RestoredError(Exception):
    """The cluster's data was restored from a backup, so all that is known of it may be wrong."""


class UnavailableError(ClusterError):
    """The server can't do it now (overload, time-out, lost connection, full quota): try again later."""


def rights_for(resource: str) -> str:
    """Return the way out of a `ForbiddenError` about a resource, such as ``jobs.batch``."""
    return f"apply the rights of the operator's version (manifests/rbac), with {resource}"


def is_late(error: RefusedError) -> bool:
    """Return whether the object was changed before the request reached it."""
    return TEST_FAILED in str(error)


def is_verdict(error: RefusedError) -> bool:
    """Return whether validation or admission refused the content.

    Otherwise it wasn't judged: the request came too late, or it was forbidden.
    """
    return not is_late(error) and (isinstance(error, InvalidError) or DENIED.search(str(error)) is not None)
