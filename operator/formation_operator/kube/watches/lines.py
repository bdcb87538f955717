"""One line of a watch, of which no more is parsed than somebody asks for.

Most that a watch tells is known: of our own writes their answers have told, and of what others write most is
no news.  Whose it is and how new, the first bytes of a line say.
"""

import functools
import re
from typing import Any, cast

from formation_operator.kube.objects import lenient, nesting
from formation_operator.kube.port import Object

DELETED, BOOKMARK = "DELETED", "BOOKMARK"
TYPES = {"ADDED", "MODIFIED", DELETED, BOOKMARK}
HEAD = re.compile(
    rb'\{"type":"(\w+)","object":\{"kind":"\w+","apiVersion":"[\w./]+","metadata":\{"name":"([\w.-]+)",'
    rb'(?:"generateName":"[\w.-]+",)?"namespace":"([\w-]+)","uid":"[\w-]+","resourceVersion":"(\d{1,20})"'
)
"""How the API server begins to tell of an object of a built-in kind: its fields always come in this order.

Any other line is parsed as a whole; that one only looks so can't be, as a name is no free text.
"""


class Line:
    """An event of a watch."""

    def __init__(self, text: bytes) -> None:
        """Take the line; raise `ValueError`, `LookupError` or `TypeError` if it is no event of an object."""
        self.text = text
        head = HEAD.match(text)
        if head is not None:
            type_, name, namespace, version = map(bytes.decode, head.groups())
        else:
            type_, metadata = self._event["type"], lenient.mapping(self._event["object"], "metadata")
            namespace, name = metadata.get("namespace", ""), metadata.get("name", "")
            version = metadata["resourceVersion"]
        if type_ not in TYPES or not lenient.is_version(version):
            raise ValueError(f"{type_}: a watch says no such thing of an object")
        if not (isinstance(namespace, str) and isinstance(name, str)):
            raise TypeError("a name is a text")
        self.type: str = type_
        self.key: tuple[str, str] = (namespace, name)
        self.version = int(version)
        """The object's resource version; of a deletion or a bookmark its own."""

    @property
    def deleted(self) -> bool:
        """Whether it tells that the object was deleted."""
        return self.type == DELETED

    @property
    def raw(self) -> Object:
        """The object; raises `ValueError` if the line was cut off."""
        return cast("Object", self._event["object"])

    @functools.cached_property
    def _event(self) -> Any:
        return nesting.parsed(self.text)
