"""A content, as a pass renders it: what the Formation says now, or what was released last."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from formation_operator.api.formation import FormationSpec


class Content(NamedTuple):
    """What is rendered: a spec whose counts, `suspend` and `paused` aren't used."""

    spec: FormationSpec
    version: int | str
    """Equal for equal contents of a Formation."""
    kept: Mapping[str, Any] | None = None
    """As its revision keeps it; nothing if it is what the Formation says now."""
    known: bool = True
    """Whether it is known what should run: if it isn't, no object is changed or deleted."""


NOTHING = Content(FormationSpec.model_construct(processes={}), "", known=False)
"""Nothing is rendered: nothing was released yet, or it can't be read what was."""
