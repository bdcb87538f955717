"""Lines of the log: the fields of one that is about a Formation, and one line for what is repeated."""

import logging
from collections.abc import Mapping

from formation_operator.api.formation import Metadata


def fields(key: tuple[str, str], process_type: str = "") -> Mapping[str, str]:
    """Return the fields, as ``extra`` of a call of the logger; in a JSON log each stands by itself."""
    namespace, formation = key
    of_type = {"process_type": process_type} if process_type else {}
    return {"namespace": namespace, "formation": formation, **of_type}


def say(logger: logging.Logger, formation: Metadata, text: str, level: int = logging.INFO) -> None:
    """Log what was done about a Formation."""
    key = formation.namespace, formation.name
    logger.log(level, "%s/%s: %s", *key, text, extra=fields(key))


class Repeated:
    """A trouble that is logged when it starts and when it changes, but not while it stays the same."""

    def __init__(self) -> None:
        """Begin without trouble."""
        self._trouble = ""

    def warn(self, logger: logging.Logger, trouble: str, text: str = "%s") -> None:
        """Log a trouble in a text with one placeholder, unless it lasts; an empty one is its end."""
        if trouble and trouble != self._trouble:
            logger.warning(text, trouble)
        self._trouble = trouble
