"""JSON patches that change a Formation only if it is still as it was read."""

from collections.abc import Sequence
from typing import Any

Object = dict[str, Any]
SUSPEND = ("spec", "suspend")


def operation(verb: str, path: Sequence[str], value: Any) -> Object:
    """Return one step of a JSON patch.

    Source of the escapes: RFC 6901.
    """
    steps = (step.replace("~", "~0").replace("/", "~1") for step in path)
    return {"op": verb, "path": "".join(f"/{step}" for step in steps), "value": value}


def unchanged(formation: Object) -> Object:
    """Return the step that fails if somebody has changed the spec meanwhile; a status doesn't count."""
    return operation("test", ("metadata", "generation"), formation["metadata"]["generation"])


def suspend(formation: Object, *, suspended: bool) -> list[Object]:
    """Return the patch that stops all processes, or starts them again; nothing where it is so."""
    if bool(formation["spec"].get("suspend")) == suspended:
        return []
    change = operation("add", SUSPEND, suspended) if suspended else {"op": "remove", "path": "/spec/suspend"}
    return [unchanged(formation), change]
