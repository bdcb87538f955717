"""A content, as a pass renders it: what the Formation says now, or what was released last."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from formation_operator.api.content import Mark
from formation_operator.api.formation import FormationSpec


class Content(NamedTuple):
    """What is rendered: a spec whose counts, `suspend` and `paused` aren't used."""

    spec: FormationSpec
    version: int | str
    """Equal for equal contents of a Formation."""
    kept: Mapping[str, Any] | None = None
    """As its revision keeps it; nothing if it is what the Formation says now."""
    known: bool = True
    """Whether it is known what should run: if it isn't, counts alone are written, and nothing is deleted."""
    mark: Mark | None = None
    """What names it, once it was let through."""

    @property
    def is_held(self) -> bool:
        """Whether it is another one than the Formation says now."""
        return self.kept is not None or not self.known


NOTHING = Content(FormationSpec.model_construct(processes={}), "", known=False)
"""Nothing is rendered: nothing was released yet, or what was released isn't kept."""
