"""What differs between two Formations, as lines of a unified diff."""

import difflib
from collections.abc import Iterator
from typing import Any

from formation_cli.objects import Object

BOOKKEEPING = "kubectl.kubernetes.io/last-applied-configuration"
COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def meant(formation: Object | None) -> Object:
    """Return the part of an object that people write."""
    if formation is None:
        return {}
    metadata = formation["metadata"]
    annotations = {
        key: value for key, value in (metadata.get("annotations") or {}).items() if key != BOOKKEEPING
    }
    about = {"labels": metadata.get("labels") or {}, "annotations": annotations}
    meant = {"metadata": {key: value for key, value in about.items() if value}, "spec": formation["spec"]}
    return dict(_sorted(meant))


def _sorted(value: Any) -> Any:
    """Return a value with its keys in one order, as the API server has those of a Formation."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [*map(_sorted, value)] if isinstance(value, list) else value


def lines(name: str, where: str, before: list[str], after: list[str]) -> Iterator[str]:
    """Yield the lines of the difference of two texts; none if they are the same."""
    return difflib.unified_diff(before, after, f"{name} in the cluster", f"{name} {where}", lineterm="")


def colour(line: str) -> str:
    """Return the colour of a line."""
    return COLOURS.get(line[:1], "")
