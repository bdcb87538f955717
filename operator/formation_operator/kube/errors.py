"""How a request to the cluster can fail, by what the caller can do about it."""

import json
import re

from formation_operator.kube.objects import lenient, nesting

TEST_FAILED = "rejected our request due to an error in our request"
"""What the API server says, with the status 422, if a ``test`` of a JSON patch fails."""

DENIED = re.compile("denied (?:the )?request")
"""How an admission webhook or a policy refuses a request, whatever the status code.

Source: ``k8s.io/apiserver/pkg/admission/plugin/webhook/errors`` and ``.../plugin/policy/validating``.
"""
TEMPORARY = re.compile(r"exceeded quota|status unknown for quota|because it is being terminated")
"""What is forbidden only until other objects are deleted."""
UNTYPED = re.compile("failed to create typed (patch|live) object|field not declared in schema")
"""How server-side apply refuses an object, sent or stored, that doesn't fit the schema, with the status 500.

Source: ``k8s.io/apimachinery/pkg/util/managedfields/internal/structuredmerge.go``.
"""
NO_SUCH_PATH = b"404 page not found"
"""What the API server answers for a kind that isn't installed. A proxy's 404 page has other words.

Source: ``NotFound`` of Go's ``net/http``.
"""


class ClusterError(Exception):
    """The API server didn't carry out a request; the text is its own message."""

    is_lasting = False
    """Whether waiting won't fix it."""


class RefusedError(ClusterError):
    """The request fails until somebody changes something (400, 403, 413, 422).

    A request that fails with 500 because a stored object doesn't fit the schema is one, too.
    """

    is_lasting = True


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
    return f"apply the rights of the operator's version (manifests/rbac), including {resource}"


def is_late(error: RefusedError) -> bool:
    """Return whether the object was changed before the request reached it."""
    return TEST_FAILED in str(error)


def is_verdict(error: RefusedError) -> bool:
    """Return whether validation or admission refused the content.

    Otherwise it wasn't judged: the request came too late, or it was forbidden.
    """
    return not is_late(error) and (isinstance(error, InvalidError) or DENIED.search(str(error)) is not None)


BY_STATUS: dict[int, type[ClusterError]] = {
    400: RefusedError,
    403: ForbiddenError,
    409: ConflictError,
    410: ExpiredError,
    413: RefusedError,
    422: InvalidError,
}


def error_of(status: int, text: bytes) -> ClusterError:
    """Return the error for an HTTP status, with the server's own message."""
    try:
        answer = lenient.mapping(nesting.parsed(text, json.loads))
    except ValueError:
        answer = {}
    # The patterns match near the start of a message.
    message = lenient.shown(str(answer.get("message") or f"HTTP {status}: {text[:200]!r}"), lenient.LONGEST)
    if status == 404 and (answer.get("reason") == "NotFound" or text.strip() == NO_SUCH_PATH):
        return NotFoundError(message)
    if status == 403 and TEMPORARY.search(message):
        return UnavailableError(message)
    if status == 500 and UNTYPED.search(message):
        return InvalidError(message)
    return BY_STATUS.get(status, UnavailableError)(message)
