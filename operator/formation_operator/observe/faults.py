"""Unexpected errors: each ends the type that it is about, and nothing else of the pass."""

import contextlib
import dataclasses
import logging
from collections.abc import Iterator

from formation_operator.api.reasons import Trouble
from formation_operator.kube import errors
from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.kinds import Key
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Problem:
    """What stands in the way of one type, or of the whole Formation where no type is named."""

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
    """The types of one pass that an unexpected error has ended."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self.problems: dict[str, Problem] = {}

    @contextlib.contextmanager
    def confined_to(self, process_type: str) -> Iterator[None]:
        """Have an unexpected error end only what is done here about a type, and log where it comes from.

        What the cluster answers is none: `ClusterError` goes on.
        """
        try:
            yield
        except errors.ClusterError:
            raise
        except Exception as error:
            logger.exception(
                "%s/%s: an unexpected error ends %s",
                *self._key,
                process_type or "the pass",
                extra=records.about(self._key, process_type),
            )
            self.problems[process_type] = problem(process_type, error)


def problem(process_type: str, error: Exception) -> Problem:
    """Return what is said of an unexpected error: its text may quote anything, and is for the log alone."""
    text = f"an error of the operator's own ({type(error).__name__}): its log says where; please report it"
    return Problem(process_type, Trouble.INTERNAL_ERROR, text)
