"""One event of a watch, of which no more is parsed than somebody asks for.

Most events say what is known already: the answers to our own writes came first, and most of what others write
changes nothing that we keep. The first bytes of a line say which object it is about, and how new it is.
"""

import functools
import re
from typing import Any

from formation_operator.kube import errors
from formation_operator.kube.objects import lenient, listings, nesting

DELETED, BOOKMARK, ERROR = "DELETED", "BOOKMARK", "ERROR"
TYPES = {"ADDED", "MODIFIED", DELETED, BOOKMARK}
GONE = 410
HEAD = re.compile(
    rb'\{"type":"(\w+)","object":\{"kind":"\w+","apiVersion":"[\w./]+","metadata":\{"name":"([\w.-]+)",'
    rb'(?:"generateName":"[\w.-]+",)?"namespace":"([\w-]+)","uid":"[\w-]+","resourceVersion":"(\d{1,20})"'
)
"""How an event of a built-in kind begins: the API server always writes the fields in this order.

Any other line is parsed as a whole. Nobody can forge this beginning, as a name is no free text.
"""


class Event:
    """An event of a watch."""

    def __init__(self, text: bytes) -> None:
        """Take a line.

        Raises `ExpiredError` if it says that the watch began too long ago, and `UnavailableError` if it is
        another error of the server's, or no event at all.
        """
        self.text = text
        head = HEAD.match(text)
        if head is not None:
            self.type, name, namespace, version = map(bytes.decode, head.groups())
        else:
            self.type, metadata = lenient.text(self._parsed, "type"), lenient.mapping(self.object, "metadata")
            namespace, name, version = (
                lenient.text(metadata, field) for field in ("namespace", "name", "resourceVersion")
            )
        if self.type not in TYPES or not lenient.is_version(version):
            raise self._error()
        self.key: tuple[str, str] = (namespace, name)
        self.version = int(version)
        """The object's resource version; of a deletion or a bookmark its own."""

    @property
    def deleted(self) -> bool:
        """Whether the object was deleted."""
        return self.type == DELETED

    @property
    def object(self) -> dict[str, Any]:
        """The object; of its managed fields those of each manager stay text. Raises `UnavailableError`."""
        return lenient.mapping(self._parsed, "object")

    @functools.cached_property
    def _parsed(self) -> dict[str, Any]:
        try:
            return lenient.mapping(listings.parsed_event(self.text))
        except ValueError as error:
            raise errors.UnavailableError(f"no event: {self.text[:100]!r}") from error

    def _error(self) -> errors.ClusterError:
        """Return the error that the line stands for: its `Status`, of which an object has no field."""
        try:
            status = lenient.mapping(nesting.parsed(self.text), "object")
        except ValueError:
            status = {}
        message = lenient.text(status, "message") or f"no event: {self.text[:100]!r}"
        is_gone = self.type == ERROR and status.get("code") == GONE
        return errors.ExpiredError(message) if is_gone else errors.UnavailableError(message)
