"""What a schema refuses that an earlier one took: what `v1` promises never to do."""

from collections.abc import Iterator
from typing import Any, NamedTuple

Json = dict[str, Any]
TOP = ("maximum", "maxLength", "maxItems", "maxProperties")
BOTTOM = ("minimum", "minLength", "minItems", "minProperties")
SAME = (
    "type",
    "format",
    "default",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
    "x-kubernetes-preserve-unknown-fields",
)
"""What means something else in any other value: to who applies an object, or to who reads it."""


class Narrowing(NamedTuple):
    """One thing that is taken from who uses a resource."""

    path: str
    what: str

    def __str__(self) -> str:
        """Say it in a line."""
        return f"{self.path}: {self.what}"


def narrowings(before: Json, now: Json, path: str = "") -> Iterator[Narrowing]:
    """Yield what a schema refuses that one before it took, or understands otherwise, at each path."""
    yield from (Narrowing(path, what) for what in _limits(before, now))
    yield from (Narrowing(path, what) for what in _rules(before, now))
    mine, theirs = now.get("properties", {}), before.get("properties", {})
    for name, schema in theirs.items():
        where = f"{path}.{name}".removeprefix(".")
        if name not in mine:
            yield Narrowing(where, "is gone")
        else:
            yield from narrowings(schema, mine[name], where)
    for key in ("items", "additionalProperties"):
        if isinstance(before.get(key), dict) and isinstance(now.get(key), dict):
            yield from narrowings(before[key], now[key], f"{path}.*")
        elif before.get(key) and not now.get(key):
            yield Narrowing(path, f"has no {key} any more")


def _limits(before: Json, now: Json) -> Iterator[str]:
    for key in SAME:
        if before.get(key) != now.get(key):
            yield f"{key} was {before.get(key)}, and is {now.get(key)}"
    for key in TOP:
        if key in now and (key not in before or now[key] < before[key]):
            yield f"{key} is {now[key]}, and was {before.get(key, 'not limited')}"
    for key in BOTTOM:
        if now.get(key, 0) > before.get(key, 0):
            yield f"{key} is {now[key]}, and was {before.get(key, 'not limited')}"
    if "pattern" in now and now["pattern"] != before.get("pattern"):
        yield f"pattern is {now['pattern']}"
    if "enum" in now and ("enum" not in before or not {*before["enum"]} <= {*now["enum"]}):
        yield f"enum is {now['enum']}, and was {before.get('enum', 'not limited')}"
    if not {*now.get("required", ())} <= {*before.get("required", ())}:
        yield f"required is {now['required']}, and was {before.get('required', [])}"


def _rules(before: Json, now: Json) -> Iterator[str]:
    """Yield each rule that wasn't there, in these words or with this message."""
    known = {each[key] for each in before.get("x-kubernetes-validations", ()) for key in ("rule", "message")}
    for each in now.get("x-kubernetes-validations", ()):
        if known.isdisjoint((each["rule"], each["message"])):
            yield f"a rule is new: {each['message']}"
