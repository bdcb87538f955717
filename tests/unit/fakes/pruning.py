"""What a CRD makes of an object with fields that it doesn't know."""

from typing import Any

OPEN = "x-kubernetes-preserve-unknown-fields"


def pruned(value: Any, schema: dict[str, Any]) -> Any:
    """Return a value as an API server stores it, without the fields that its schema doesn't declare."""
    if schema.get(OPEN):
        return value
    if isinstance(value, list):
        return [pruned(item, schema["items"]) for item in value]
    if not isinstance(value, dict):
        return value
    fields, others = schema.get("properties", {}), schema.get("additionalProperties")
    return {
        key: pruned(item, fields.get(key, others)) for key, item in value.items() if key in fields or others
    }
