"""What an answer says, if it is one of the API server's to what was asked.

Something on the way may answer in its place.  So nothing is handed on but what was asked for: an object of
the name, with a version, or a whole list of such.
"""

import re
import reprlib
from typing import Any

from formation_operator.kube import errors
from formation_operator.kube.objects import lenient, nesting
from formation_operator.kube.objects.kinds import Kind
from formation_operator.kube.port import Object

FOR_NOW = re.compile(r"exceeded quota|status unknown for quota|because it is being terminated")
"""What is forbidden only until something else goes."""
METADATA_LIST = "PartialObjectMetadataList"
UNTYPED = re.compile("failed to create typed (patch|live) object|field not declared in schema")
"""How server-side apply refuses what doesn't fit the schema, be it what is stored, under the status 500.

Source: ``k8s.io/apimachinery/pkg/util/managedfields/internal/structuredmerge.go``.
"""
NO_SUCH_PATH = b"404 page not found"
"""What the API server says of a kind that isn't installed. A page of some proxy's is in other words.

Source: ``NotFound`` of Go's ``net/http``.
"""


def parsed(text: bytes) -> Object:
    """Return the mapping that the text of an answer is; raise `ValueError` if it is anything else."""
    return mapping(nesting.parsed(text))


def mapping(said: Any) -> Object:
    """Return what an answer says, if it is a mapping; raise `ValueError` if it isn't."""
    if not isinstance(said, dict):
        raise ValueError("no mapping")  # noqa: TRY004  # as of what is no JSON
    return said


def listed(page: Object, kind: Kind, place: str) -> tuple[list[Object], str, str]:
    """Return the objects of a page, the version of its list and the token for what follows.

    Raises `UnavailableError`, with the place that was listed, unless it is a page of a list of a kind.
    """
    items, metadata = page.get("items"), lenient.mapping(page, "metadata")
    version, token = metadata.get("resourceVersion"), metadata.get("continue", "")
    if (
        page.get("kind") != (METADATA_LIST if kind.metadata_only else f"{kind.name}List")
        or not isinstance(items, list)
        or not lenient.is_version(version)
        or not isinstance(token, str)
    ):
        raise errors.UnavailableError(f"{place}: no list: {reprlib.repr(page)}")
    for each in items:
        identified(each)
    return items, str(version), token


def identified(
    answer: Object, namespace: str | None = None, name: str | None = None, kind: str | None = None
) -> Object:
    """Return an object, of a name and kind if they are given; raise `UnavailableError` if it isn't that."""
    metadata = lenient.mapping(answer, "metadata")
    known = [metadata.get(field) for field in ("namespace", "name", "uid")]
    if (
        not all(isinstance(each, str) and each for each in known)
        or not lenient.is_version(metadata.get("resourceVersion"))
        or namespace not in (None, known[0])
        or name not in (None, known[1])
        or kind not in (None, answer.get("kind"))
    ):
        raise errors.UnavailableError(f"no {name or 'object'}: {reprlib.repr(answer)}")
    return answer


def error_of(status: int, text: bytes) -> errors.ClusterError:
    """Return the error for an HTTP status, with the server's own message."""
    try:
        said = parsed(text)
    except ValueError:
        said = {}
    by_status: dict[int, type[errors.ClusterError]] = {
        400: errors.RefusedError,
        403: errors.ForbiddenError,
        409: errors.ConflictError,
        410: errors.ExpiredError,
        413: errors.RefusedError,
        422: errors.InvalidError,
    }
    # All that the patterns look for is in the beginning.
    message = lenient.shown(str(said.get("message") or f"HTTP {status}: {text[:200]!r}"), lenient.LONGEST)
    if status == 404 and (said.get("reason") == "NotFound" or text.strip() == NO_SUCH_PATH):
        return errors.NotFoundError(message, lenient.text(lenient.mapping(said, "details"), "name"))
    if status == 403 and FOR_NOW.search(message):
        status = 503
    elif status == 500 and UNTYPED.search(message):
        status = 422
    return by_status.get(status, errors.UnavailableError)(message)
