"""An event of a watch, whose object is parsed only when it is needed.

Most events bring nothing new: the answers to our own writes have come before, and most writes of others
change no fact that we keep. The first bytes of a line have the object's key and version.
"""

import dataclasses
import re
from typing import Any

from formation_operator.kube import errors
from formation_operator.kube.objects import lenient, listings, nesting
from formation_operator.kube.objects.kinds import Key

DELETED, BOOKMARK = "DELETED", "BOOKMARK"
TYPES = {"ADDED", "MODIFIED", DELETED, BOOKMARK}
GONE = 410
HEAD = re.compile(
    rb'\{"type":"(ADDED|MODIFIED|DELETED|BOOKMARK)","object":\{"kind":"\w+","apiVersion":"[\w./]+",'
    rb'"metadata":\{"name":"([\w.-]+)",(?:"generateName":"[\w.-]+",)?"namespace":"([\w-]+)","uid":"[\w-]+","resourceVersion":"(\d{1,20})"'
)
"""How an event of a built-in kind starts: the API server always writes the fields in this order.

Any other line is parsed as a whole. No client can forge this start, because names can't have quotes.
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """An event of a watch."""

    type: str
    key: Key
    """Namespace and name of the object; empty for a bookmark."""
    version: int
    """The object's resource version; a deletion or a bookmark has a version of its own."""
    text: bytes
    parsed: dict[str, Any] | None = None

    @property
    def deleted(self) -> bool:
        """Whether the object was deleted."""
        return self.type == DELETED

    async def object(self) -> dict[str, Any]:
        """Return the object; the `fieldsV1` of its managed fields stay text.

        Raises `UnavailableError` if it can't be read.
        """
        return lenient.mapping(self.parsed or await _parsed(self.text), "object")


async def read(line: bytes) -> Event:
    """Return the event that a line is.

    Raises `ExpiredError` if the watch started from a version that is too old, and `UnavailableError` for any
    other error event, or a line that is no event.
    """
    head = HEAD.match(line)
    if head is not None:
        type_, name, namespace, version = map(bytes.decode, head.groups())
        return Event(type_, (namespace, name), int(version), line)
    parsed = await _parsed(line)
    type_, metadata = lenient.text(parsed, "type"), lenient.mapping(parsed, "object", "metadata")
    version = lenient.text(metadata, "resourceVersion")
    if type_ not in TYPES or not lenient.is_version(version):
        raise _error_of(line)
    key = lenient.text(metadata, "namespace"), lenient.text(metadata, "name")
    return Event(type_, key, int(version), line, parsed)


async def _parsed(text: bytes) -> dict[str, Any]:
    try:
        return lenient.mapping(await listings.read(text, listings.EVENT))
    except ValueError as error:
        raise errors.UnavailableError(f"no event: {text[:100]!r}") from error


def _error_of(line: bytes) -> errors.ClusterError:
    """Return the error for an event of the type ERROR, whose object is a `Status`."""
    status = lenient.mapping(nesting.parsed(line), "object")
    message = lenient.text(status, "message") or f"no event: {line[:100]!r}"
    return (errors.ExpiredError if status.get("code") == GONE else errors.UnavailableError)(message)
