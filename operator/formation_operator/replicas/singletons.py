"""How many processes a type may have while a content runs, or is about to, in which it is a singleton.

A singleton is one by the content that runs, whatever the Formation says now.
"""

from formation_operator.api.content import Mark
from formation_operator.api.formation import ProcessType
from formation_operator.observe.children import Child
from formation_operator.replicas import count_owner


def is_alone(rendered: ProcessType, child: Child | None, mark: Mark | None) -> bool:
    """Return whether an old process of a type has to end before a new one starts.

    So it is with a singleton, and until no process runs of a content in which the type was one. ``mark``
    names the content that is rendered; nothing does where that isn't known.
    """
    if rendered.singleton or child is None or not child.recreates:
        return bool(rendered.singleton)
    if mark is None or child.content != mark:
        return True
    began = child.owns_count and child.replicas > 1  # it was found not to be, and its strategy is refused
    return not (began or child.rollout.is_over)


def counted(today: ProcessType, rendered: ProcessType, child: Child | None, *, alone: bool) -> ProcessType:
    """Return a type with the count that counts while a content is rendered.

    A count of one that comes with `singleton` waits with it until its own content is rendered. A zero stays
    where no count is declared any more.
    """
    if today.replicas == 0:
        return today
    kept = None if child is None else child.remembered
    if alone:
        stays = kept == 0 and count_owner.declared_count(today) is None
        return today.model_copy(update={"replicas": 0 if stays else 1})
    if not today.singleton or rendered.singleton:
        return today
    return today.model_copy(update={"replicas": kept, "singleton": None})
