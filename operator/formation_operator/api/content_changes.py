"""What differs between two contents of a Formation, in one line: names of variables, and never their values.

The content of before may be anybody's: whoever may write in the namespace may write revisions there.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MOST_CHANGES, MOST_NAMES = 6, 5
"""How many changes, and names of variables of one of them, are named before the rest is counted."""
LONGEST_IMAGE, LONGEST_NAME = 120, 63
"""Characters of an image and of any other name."""


def describe_change(before: Any, after: Any) -> str:
    """Return what differs between two contents, such as ``image shop:v2 -> shop:v3; web: env LOG_LEVEL``.

    It is empty if nothing does.
    """
    changes = [*_of_all(_mapping(before), _mapping(after))]
    return "; ".join(_first(changes, MOST_CHANGES))


def _of_all(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    yield from _fields(before, after, beside=("processes", "schedules"))
    yield from _of_map(_mapping(before.get("processes")), _mapping(after.get("processes")))
    yield from _of_map(_mapping(before.get("schedules")), _mapping(after.get("schedules")), "schedule ")


def _of_map(old: Mapping[str, Any], new: Mapping[str, Any], what: str = "") -> Iterator[str]:
    for name in sorted({*old, *new}):
        shown = what + _shown(name, LONGEST_NAME)
        if name not in old:
            yield f"{shown} is new"
        elif name not in new:
            yield f"{shown} is gone"
        else:
            yield from (f"{shown}: {each}" for each in _fields(_mapping(old[name]), _mapping(new[name])))


def _fields(before: Mapping[str, Any], after: Mapping[str, Any], beside: Sequence[str] = ()) -> Iterator[str]:
    """Yield the fields that differ: the image first, since most deploys are about that."""
    fields = sorted({*before, *after} - {*beside}, key=lambda field: (field != "image", field))
    for field in fields:
        old, new = before.get(field), after.get(field)
        if old == new:
            continue
        if field == "image":
            yield f"image {_image(old)} -> {_image(new)}"
        elif field == "env":
            names = [_shown(name, LONGEST_NAME) for name in changed_variables(old, new)]
            yield " ".join(["env", ", ".join(_first(names, MOST_NAMES))]).rstrip()
        else:
            yield _shown(field, LONGEST_NAME)


def _image(image: Any) -> str:
    return _shown(image, LONGEST_IMAGE) if isinstance(image, str) else "none"


def changed_variables(before: Any, after: Any) -> list[str]:
    """Return the names of the variables that differ; where only their order does, there are none."""
    old, new = _by_name(before), _by_name(after)
    return [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]


def _by_name(env: Any) -> dict[str, Any]:
    items = env if isinstance(env, list) else ()
    return {each["name"]: each for each in map(_mapping, items) if isinstance(each.get("name"), str)}


def _first(items: list[str], most: int) -> list[str]:
    """Return the first of some words, and how many more there are."""
    return items if len(items) <= most else [*items[:most], f"{len(items) - most} more"]


def _shown(text: str, longest: int) -> str:
    """Return a text as it may be in a line: cut, and without what moves a terminal's cursor."""
    cut = text if len(text) <= longest else f"{text[: longest - 3]}..."
    return "".join(letter if letter.isprintable() else "?" for letter in cut)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
