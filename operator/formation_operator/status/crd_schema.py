"""What the cluster's CRD declares of a status: the CRD may be older than the operator.

The API server refuses a whole status with one unknown field.
"""

from collections.abc import Iterator
from typing import Any

from formation_operator.api.formation_status import FormationStatus

Schema = dict[str, Any]
ANYTHING: Schema = {"x-kubernetes-preserve-unknown-fields": True}
"""A schema that allows anything."""
OURS: Schema = FormationStatus.model_json_schema(by_alias=True)


def of_status(kind: Schema) -> Schema:
    """Return what the schema of a kind declares of its status."""
    return dict(kind.get("properties", {}).get("status") or ANYTHING)


def fitting(value: Any, schema: Schema) -> Any:
    """Return a status, or a part of it, without what its schema doesn't declare."""
    if _is_open(schema):
        return value
    if isinstance(value, list):
        return [fitting(item, schema.get("items") or ANYTHING) for item in value]
    if isinstance(value, dict):
        return {key: fitting(item, there) for key, item in value.items() if (there := _field(schema, key))}
    return value


def lacking(schema: Schema, ours: Schema = OURS, path: str = "status") -> Iterator[str]:
    """Yield each field that we write and a schema doesn't declare."""
    if _is_open(schema):
        return
    ours = _resolved(ours)
    for key, own in ours.get("properties", {}).items():
        there = _field(schema, key)
        if there is None:
            yield f"{path}.{key}"
        else:
            yield from lacking(there, own, f"{path}.{key}")
    for part, name in (("items", ""), ("additionalProperties", ".*")):
        if isinstance(ours.get(part), dict):
            yield from lacking(schema.get(part) or ANYTHING, ours[part], f"{path}{name}")


def _field(schema: Schema, key: str) -> Schema | None:
    others = schema.get("additionalProperties")
    found = schema.get("properties", {}).get(key, others)
    return ANYTHING if found in ({}, True) else found or None


def _is_open(schema: Schema) -> bool:
    return schema.get("x-kubernetes-preserve-unknown-fields") is True


def _resolved(node: Schema) -> Schema:
    """Return a node of pydantic's JSON schema, or the node that it refers to."""
    if "anyOf" in node:
        node = next(option for option in node["anyOf"] if option.get("type") != "null")
    if "$ref" in node:
        node = OURS["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node
