"""Why a type isn't as declared; an unexpected error is one of the reasons, and stops no other type."""

import dataclasses
import logging

from formation_operator.api.reasons import Trouble
from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.kinds import Key
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Problem:
    """What keeps one type, or the whole Formation if no type is named, from being as declared."""

    process_type: str
    reason: str
    message: str
    lasting: bool = True
    """Whether waiting won't fix it."""

    def __str__(self) -> str:
        """Return the sentence for a condition's message."""
        message = lenient.shown(self.message)
        return f"{self.process_type}: {message}" if self.process_type else message


class Faults:
    """Why types can't be worked on in a pass: the unexpected errors, and what makes one invalid."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self.problems: dict[str, Problem] = {}

    def note(self, process_type: str, error: Exception) -> Problem:
        """Note that an unexpected error has ended what was done about a type, and log its traceback."""
        what, extra = process_type or "the pass", records.fields(self._key, process_type)
        logger.error("%s/%s: an unexpected error ends %s", *self._key, what, exc_info=error, extra=extra)
        # Its own text may quote anything.
        text = f"a bug in the operator ({type(error).__name__}): its log says where; please report it"
        problem = self.problems[process_type] = Problem(process_type, Trouble.INTERNAL_ERROR, text)
        return problem
