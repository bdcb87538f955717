"""The events of a watch, one of which is in each line."""

import json
from typing import Any, NamedTuple

from formation_operator.kube import errors
from formation_operator.kube.objects import lenient, listings, nesting

DELETED, BOOKMARK = "DELETED", "BOOKMARK"
TYPES = {"ADDED", "MODIFIED", DELETED, BOOKMARK}
GONE = 410


class Event(NamedTuple):
    """An event of a watch."""

    type: str
    object: dict[str, Any]
    """The object, whose `fieldsV1` stay text; a bookmark's has only a version."""

    @property
    def version(self) -> int:
        """The object's resource version; a deletion or a bookmark has a version of its own."""
        return int(self.object["metadata"]["resourceVersion"])


async def read(line: bytes) -> Event:
    """Return the event that a line is.

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
    return Event(type_, raw)


def _error_of(line: bytes) -> errors.ClusterError:
    """Return the error for an event of the type ERROR, whose object is a `Status`."""
    status = lenient.mapping(nesting.parsed(line, json.loads), "object")
    message = lenient.text(status, "message") or f"no event: {line[:100]!r}"
    return (errors.ExpiredError if status.get("code") == GONE else errors.UnavailableError)(message)
