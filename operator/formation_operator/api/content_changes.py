"""What a deploy changes, in a line: the words for an Event and for the plugin."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

LONGEST = 400
"""Characters of a line; a longer one is cut."""
MOST_NAMES = 8
"""Variables that are named of one list."""
DIGEST = re.compile(r"(?<=@sha256:)([0-9a-f]{12})[0-9a-f]+")
"""The digest of an image, of which a dozen digits tell two apart."""


def describe_change(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return what differs between two contents: ``image shop:v2 -> shop:v3; web: env LOG_LEVEL``.

    Variables are named, and never their values. Of equal contents nothing is said. The words are as they were
    written: whoever shows the line has to make it printable.
    """
    old, new = (_mapping(each.get("processes")) for each in (before, after))
    shared = _fields(*({key: each[key] for key in each if key != "processes"} for each in (before, after)))
    line = "; ".join([*shared, *_types(old, new)])
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."


def _types(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*before, *after}):
        if name not in after:
            yield f"{name}: gone"
        elif name not in before:
            yield f"{name}: new"
        elif fields := ", ".join(_fields(_mapping(before[name]), _mapping(after[name]))):
            yield f"{name}: {fields}"


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields that differ: the image first, and at the end the variables, which are a list."""
    changed = {name for name in (*before, *after) if before.get(name) != after.get(name)}
    if "image" in changed:
        yield f"image {_images(before.get('image'), after.get('image'))}"
    yield from sorted(changed - {"image", "env"})
    if "env" in changed:
        yield _variables(*(_by_name(each.get("env")) for each in (before, after)))


def _images(before: Any, after: Any) -> str:
    """Return both images, without the registry and the folder that they share."""
    old, new = (DIGEST.sub(r"\1", str(each)) if each else "none" for each in (before, after))
    folder = old.rpartition("/")[0]
    if folder and new.rpartition("/")[0] == folder:
        old, new = old[len(folder) + 1 :], new[len(folder) + 1 :]
    return f"{old} -> {new}"


def _variables(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return the names of variables that differ; none where only their order does."""
    names = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"env {', '.join(names[:MOST_NAMES])}{more}".rstrip()


def _by_name(env: Any) -> dict[str, Any]:
    items = env if isinstance(env, list) else []
    return {str(each.get("name")): each for each in items if isinstance(each, Mapping)}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
