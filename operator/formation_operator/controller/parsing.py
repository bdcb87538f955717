"""Parse a Formation as it is stored, or raise an error that says why it can't be used, and the way out."""

from typing import Any

import pydantic

from formation_operator.api.formation import Formation
from formation_operator.api.reasons import Trouble
from formation_operator.observe.faults import Problem

CORRECTED = "nothing was changed; correct the field and apply again"
SMALLER = (
    "nothing was changed; move large values into ConfigMaps (envFrom, volumes in podTemplate) or an image, "
    "or make several Formations"
)


class UnreadableError(Exception):
    """The Formation can't be used until somebody changes it."""

    def __init__(self, reason: Trouble, text: str) -> None:
        """Take the reason for programs, and the sentence with the way out."""
        super().__init__(text)
        self.problem = Problem("", reason, text)


def parse(raw: dict[str, Any]) -> Formation:
    """Return the Formation of an object as the cache has it, or raise `UnreadableError`."""
    if raw.get("excess"):
        raise UnreadableError(Trouble.TOO_LARGE, f"{raw['excess']}: {SMALLER}")
    try:
        return Formation.model_validate({"metadata": raw["metadata"], "spec": raw["spec"]})
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        text = f"{'.'.join(map(str, first['loc']))}: {first['msg']}: {CORRECTED}"
        raise UnreadableError(Trouble.INVALID_SPEC, text) from error
