"""Change the image that a Formation runs."""

from typing import Any

from formation_cli.changes import patches
from formation_cli.failures import Mistyped, did_you_mean
from formation_operator.kube.objects import lenient

Object = dict[str, Any]
SHARED = ("spec", "image")
"""Where the image of all types is that have none of their own."""


def field(formation: Object, process_type: str | None) -> tuple[str, ...]:
    """Return where the image is: of all types, or of one; raises `Mistyped` for a type that there isn't."""
    if process_type is None:
        return SHARED
    known = lenient.mapping(formation, "spec", "processes")
    if process_type not in known:
        raise Mistyped(f"There is no process type {process_type}.", hint=did_you_mean(process_type, known))
    return ("spec", "processes", process_type, "image")


def current(formation: Object, path: tuple[str, ...]) -> str:
    """Return the image that a field has, or nothing."""
    return lenient.text(lenient.mapping(formation, *path[:-1]), path[-1])


def patch(formation: Object, path: tuple[str, ...], image: str) -> list[Object]:
    """Return the write of an image; nothing where it is so already."""
    if current(formation, path) == image:
        return []
    return [patches.unchanged(formation), patches.operation("add", path, image)]


def own(formation: Object) -> list[str]:
    """Return the types that name an image of their own, which a deploy of the common one leaves."""
    processes = lenient.mapping(formation, "spec", "processes")
    return sorted(name for name, each in processes.items() if lenient.mapping(each).get("image"))
