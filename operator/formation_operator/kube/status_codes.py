"""The error that an answer with a status other than 2xx stands for."""

import re

from formation_operator.kube import errors
from formation_operator.kube.objects import lenient, nesting

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
BY_STATUS: dict[int, type[errors.ClusterError]] = {
    400: errors.RefusedError,
    403: errors.ForbiddenError,
    409: errors.ConflictError,
    410: errors.ExpiredError,
    413: errors.RefusedError,
    422: errors.InvalidError,
}


def error_of(status: int, text: bytes) -> errors.ClusterError:
    """Return the error for an HTTP status, with the server's own message."""
    try:
        answer = lenient.mapping(nesting.parsed(text))
    except ValueError:
        answer = {}
    # The patterns match near the start of a message.
    message = lenient.shown(str(answer.get("message") or f"HTTP {status}: {text[:200]!r}"), lenient.LONGEST)
    if status == 404 and (answer.get("reason") == "NotFound" or text.strip() == NO_SUCH_PATH):
        return errors.NotFoundError(message)
    if status == 403 and TEMPORARY.search(message):
        return errors.UnavailableError(message)
    if status == 500 and UNTYPED.search(message):
        return errors.InvalidError(message)
    return BY_STATUS.get(status, errors.UnavailableError)(message)
