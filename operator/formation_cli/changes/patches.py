"""JSON patches that change a Formation only if it is still as it was read."""

from collections.abc import Sequence
from typing import Any

from formation_cli.objects import Object

SUSPEND = ("spec", "suspend")


def operation(verb: str, path: Sequence[str], value: Any) -> Object:
    """Return one step of a JSON patch that has a value."""
    return {"op": verb, "path": _pointer(path), "value": value}


def remove(path: Sequence[str]) -> Object:
    """Return the step that takes a field away, which has to be there."""
    return {"op": "remove", "path": _pointer(path)}


def _pointer(path: Sequence[str]) -> str:
    """Return a path as a JSON pointer (RFC 6901)."""
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in path)


def unchanged(formation: Object) -> Object:
    """Return the step that fails if somebody has changed the spec meanwhile; a status doesn't count."""
    return operation("test", ("metadata", "generation"), formation["metadata"]["generation"])


def suspend(formation: Object, *, suspended: bool) -> list[Object]:
    """Return the patch that stops all processes, or starts them again; nothing where it is so."""
    if bool(formation["spec"].get("suspend")) == suspended:
        return []
    change = operation("add", SUSPEND, suspended) if suspended else remove(SUSPEND)
    return [unchanged(formation), change]
