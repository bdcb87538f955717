"""JSON patches that change a Formation only if it is still as it was read."""

from collections.abc import Sequence
from typing import Any

from formation_cli.failures import Mistyped, did_you_mean
from formation_cli.objects import Object
from formation_operator.api import naming
from formation_operator.kube.objects import lenient

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


SHARED = ("spec", "image")
"""Where the image of all types is that have none of their own."""


NONE = "none"
"""What is typed in place of an image to take that of a type away."""


def image_field(formation: Object, process_type: str | None) -> tuple[str, ...]:
    """Return where the image is: of all types, or of one; raises `Mistyped` for a type that there isn't."""
    if process_type is None:
        return SHARED
    known = lenient.mapping(formation, "spec", "processes")
    if process_type not in known:
        raise Mistyped(f"There is no process type {process_type}.", hint=did_you_mean(process_type, known))
    return ("spec", "processes", process_type, "image")


def image_of(formation: Object, path: tuple[str, ...]) -> str:
    """Return the image that a field has, or nothing."""
    return lenient.text(lenient.mapping(formation, *path[:-1]), path[-1])


def image(formation: Object, path: tuple[str, ...], image: str) -> list[Object]:
    """Return the write of an image, or of none; nothing where it is so already."""
    if (image_of(formation, path) or NONE) == image:
        return []
    change = remove(path) if image == NONE else operation("add", path, image)
    return [unchanged(formation), change]


def noted(formation: Object, change: list[Object], note: str = "") -> list[Object]:
    """Return a change of the content with its note: the note of the deploy before isn't about this one."""
    there = lenient.mapping(formation, "metadata", "annotations")
    path = ("metadata", "annotations", naming.NOTE_ANNOTATION)
    if not change or there.get(path[-1], "") == note:
        return change
    if not note:
        return [*change, remove(path)]
    new = operation("add", path, note) if there else operation("add", path[:-1], {path[-1]: note})
    return [*change, new]


def without_version(image: str) -> str:
    """Return what is wrong with an image that names no version; nothing for one that does, or for none."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    if digest or tag not in ("", "latest") or image == NONE:
        return ""
    what = f"The tag of {image} is latest" if tag else f"{image} has no tag, which means latest"
    return (
        f"{what}: that image may be another one tomorrow, so `rollback` can't bring it back. Name a version."
    )


def with_own_image(formation: Object) -> list[str]:
    """Return the types that name an image of their own, which a deploy of the common one leaves."""
    processes = lenient.mapping(formation, "spec", "processes")
    return sorted(name for name, each in processes.items() if lenient.mapping(each).get("image"))
