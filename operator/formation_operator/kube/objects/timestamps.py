"""Kubernetes' times as numbers, so that they can be compared. Nothing here knows what time it is."""

import datetime
from collections.abc import Callable

Clock = Callable[[], datetime.datetime]
"""Returns the present as an aware time; pure code gets it as an argument."""


def epoch(text: str | None) -> float | None:
    """Return the seconds since 1970 of an RFC 3339 time, or nothing for what isn't one."""
    try:
        moment = datetime.datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None
