"""The events of a watch, one of which is in each line."""

import json
from typing import Any

from formation_operator.kube import errors
from formation_operator.kube.objects import lenient, listings, nesting

DELETED, BOOKMARK = "DELETED", "BOOKMARK"
TYPES = {"ADDED", "MODIFIED", DELETED, BOOKMARK}
GONE = 410


async def read(line: bytes) -> dict[str, Any]:
    """Return the event that a line is: its ``type``, and the ``object``, whose `fieldsV1` stay text.

    The object of a deletion or a bookmark has a version of its own; a bookmark's has nothing else.

    Raises `ExpiredError` if the watch started from a version that is too old, and `UnavailableError` for any
    other error event, or a line that is no event.
    """
    try:
        parsed = lenient.mapping(await nesting.read(line, listings.EVENT.decode))
    except ValueError as error:
        raise errors.UnavailableError(f"no event: {line[:100]!r}") from error
    type_, raw = lenient.text(parsed, "type"), lenient.mapping(parsed, "object")
    if type_ not in TYPES or not lenient.is_version(lenient.mapping(raw, "metadata").get("resourceVersion")):
        raise _error_of(line)
    return {"type": type_, "object": raw}


def _error_of(line: bytes) -> errors.ClusterError:
    """Return the error for an event of the type ERROR, whose object is a `Status`."""
    status = lenient.mapping(nesting.parsed(line, json.loads), "object")
    message = lenient.text(status, "message") or f"no event: {line[:100]!r}"
    return (errors.ExpiredError if status.get("code") == GONE else errors.UnavailableError)(message)
