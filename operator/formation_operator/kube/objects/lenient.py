"""Read JSON that others wrote: a value that is missing, null or of a wrong type counts as empty.

Kubelet writes a Pod's status, but any client with the right to may, too: no value in it may end a watch.
"""

import functools
import re
import sys
import types
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
LONGEST = 1000
"""Characters of a text that are kept: kubelet can quote whole error pages."""
LONGEST_SENTENCE = 1024
"""Bytes of a sentence for people: what an Event takes."""
LONGEST_SUMMARY = 4096
"""Bytes of the sentences about all types together."""
LONGEST_WORD = 128
"""Bytes of a reason for programs: an Event takes no longer one."""
LONGEST_LOG = 2048
"""Characters of a log's end: kubelet keeps no more."""
CUT = "..."
"""Ends a text that was longer."""
LONGEST_VERSION = 20
"""Digits of a number of 64 bits."""
LONGEST_SHARED = 64
"""Characters up to which a text is likely to occur more than once."""
COLOUR = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
"""What colours a terminal."""


class Condition(NamedTuple):
    """What a condition of an object says."""

    reason: str = ""
    message: str = ""
    time: str = ""
    """When its status changed last, in RFC 3339."""


def mapping(source: Any, *path: str) -> dict[str, Any]:
    """Return the mapping that a path leads to."""
    for step in path:
        source = source.get(step) if isinstance(source, dict) else None
    return source if isinstance(source, dict) else {}


def items(source: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the mappings in a list."""
    value = source.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def conditions(status: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the conditions of a status by their types."""
    return {text(item, "type"): item for item in items(status, "conditions")}


def condition(raw: dict[str, Any]) -> Condition:
    """Return what a condition says."""
    return Condition(word(raw, "reason"), text(raw, "message"), word(raw, "lastTransitionTime"))


def controller(metadata: dict[str, Any]) -> dict[str, Any]:
    """Return the owner reference to an object's controller, of which there is one at the most."""
    return next((each for each in items(metadata, "ownerReferences") if each.get("controller") is True), {})


def texts(source: dict[str, Any], key: str) -> list[str]:
    """Return the texts in a list, whole."""
    value = source.get(key)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def text(source: dict[str, Any], key: str) -> str:
    """Return the beginning of a text, in one line."""
    return in_one_line(_string(source, key)[:LONGEST])


def word(source: dict[str, Any], key: str) -> str:
    """Return a short text, such as a name or a reason; a longer one is cut."""
    return text(source, key)[:LONGEST_WORD]


def last_lines(source: dict[str, Any], key: str) -> str:
    """Return the end of a text of several lines, as of a log."""
    return _string(source, key).rstrip()[-LONGEST_LOG:]


def number(source: dict[str, Any], key: str) -> int:
    """Return a whole number."""
    value = source.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def is_version(value: Any) -> bool:
    """Return whether a value is a resource version, which is a number for all kinds that we read."""
    return isinstance(value, str) and value.isdecimal() and len(value) <= LONGEST_VERSION


def in_one_line(value: str) -> str:
    """Return a text as a table can show it: without line breaks, colours and what else moves a cursor."""
    if value.isprintable():
        return value
    plain = "".join(letter if letter.isprintable() else " " for letter in COLOUR.sub("", value))
    return " ".join(plain.split())


def shown(value: str, most: int = LONGEST_SENTENCE) -> str:
    """Return a text for people: one printable line of so many bytes at most.

    Each text that others wrote goes through this before it gets into a status, an Event or the log.
    """
    line = in_one_line(value[: most + 1])
    text = line.encode()
    return line if len(text) <= most else text[: most - len(CUT)].decode(errors="ignore") + CUT


shared = sys.intern
"""Returns the one text of its value that all objects share."""

LIKELY_AGAIN = 1024
"""How many values are remembered, so that objects that come soon after each other share equal ones."""
_remembered = functools.lru_cache(LIKELY_AGAIN)(lambda value: value)
EMPTY: Mapping[str, Any] = types.MappingProxyType({})
"""What all share that have nothing, as nearly all Formations."""


def same(value: T) -> T:
    """Return the one value that all equal ones share: facts about many Deployments are the same."""
    one: T = _remembered(value)
    return one


def interned(value: Any) -> Any:
    """Return a value with its keys and short texts interned."""
    if type(value) is str and len(value) <= LONGEST_SHARED:
        return shared(value)
    if isinstance(value, dict):
        return {shared(key): interned(item) for key, item in value.items()}
    return [*map(interned, value)] if isinstance(value, list) else value


def holds(fields: dict[str, Any], path: Iterable[str]) -> bool:
    """Return whether an entry of managed fields holds the field at a path."""
    node: Any = fields
    for step in path:
        names = (f"f:{step}", f"k:{step}", f"v:{step}")
        node = next((node[name] for name in names if name in node), None)
        if node is None:
            return False
    return True


def _string(source: dict[str, Any], key: str) -> str:
    value = source.get(key)
    return value if isinstance(value, str) else ""
