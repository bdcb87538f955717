"""What an object gets wrong, by a structural schema or by the types of Kubernetes' client."""

import re
from collections.abc import Iterator
from typing import Any

import kubernetes.client

Json = dict[str, Any]
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}
SIZES: dict[type, str] = {str: "Length", list: "Items", dict: "Properties"}
MODEL = re.compile(r"(List\[|Dict\[str, )?(\w+)")
"""A type of Kubernetes' client, by itself, in a list or in a map.

Source: ``openapi_types`` of each model in https://github.com/kubernetes-client/python
"""


def nodes(schema: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Yield every node of a schema with its path; ``*`` stands for items and values."""
    yield path, schema
    for name, value in schema.get("properties", {}).items():
        yield from nodes(value, (*path, name))
    for key in ("items", "additionalProperties"):
        if key in schema:
            yield from nodes(schema[key], (*path, "*"))


def faults(schema: Json, value: Any, path: str = "") -> Iterator[str]:
    """Yield what a structural schema has against a value: its type, its fields, a limit."""
    wanted = schema.get("type")
    if wanted and (not isinstance(value, TYPES[wanted]) or (wanted != "boolean" and isinstance(value, bool))):
        yield f"{path}: {value!r} is no {wanted}"
        return
    yield from (f"{path}: {fault}" for fault in _limits(schema, value))
    if isinstance(value, dict):
        yield from _fields(schema, value, path)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from faults(schema.get("items", {}), item, f"{path}[{place}]")


def _fields(schema: Json, value: Json, path: str) -> Iterator[str]:
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    yield from (f"{path}.{key}: is missing" for key in schema.get("required", []) if key not in value)
    for key, item in value.items():
        inner = known.get(key, others)
        if inner is not None:
            yield from faults(inner, item, f"{path}.{key}")
        elif known:
            yield f"{path}.{key}: is unknown"


def _limits(schema: Json, value: Any) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield f"{value!r} is none of {schema['enum']}"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{value!r} doesn't match {schema['pattern']}"
    if isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{value} is out of bounds"
    size = len(value) if isinstance(value, str | list | dict) else 0
    kind = SIZES.get(type(value), "")
    if not schema.get(f"min{kind}", 0) <= size <= schema.get(f"max{kind}", size):
        yield "too few or too many"


def unknown(kind: str, value: Json, path: str = "") -> Iterator[str]:
    """Yield the fields of an object that Kubernetes' own types don't know, given the name of its type."""
    model = getattr(kubernetes.client, kind)
    types = {name: model.openapi_types[ours] for ours, name in model.attribute_map.items()}
    for key, item in value.items():
        if key not in types:
            yield f"{path}.{key}: is unknown"
            continue
        container, inner = MODEL.match(types[key]).groups()  # type: ignore[union-attr]  # each type matches
        if hasattr(getattr(kubernetes.client, inner, None), "openapi_types"):
            items = item.values() if container == "Dict[str, " else item if container else [item]
            for each in items:
                yield from unknown(inner, each, f"{path}.{key}")
