"""Change the image that a Formation runs."""

from formation_cli.changes import patches
from formation_cli.failures import Mistyped, did_you_mean
from formation_cli.objects import Object
from formation_operator.kube.objects import lenient

SHARED = ("spec", "image")
"""Where the image of all types is that have none of their own."""


NONE = "none"
"""What is typed in place of an image to take that of a type away."""


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
    """Return the write of an image, or of none; nothing where it is so already."""
    if (current(formation, path) or NONE) == image:
        return []
    change = patches.remove(path) if image == NONE else patches.operation("add", path, image)
    return [patches.unchanged(formation), change]


def own(formation: Object) -> list[str]:
    """Return the types that name an image of their own, which a deploy of the common one leaves."""
    processes = lenient.mapping(formation, "spec", "processes")
    return sorted(name for name, each in processes.items() if lenient.mapping(each).get("image"))
