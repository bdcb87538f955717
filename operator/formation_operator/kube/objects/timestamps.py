"""Kubernetes' times as numbers, so that they can be compared. Nothing here knows what time it is."""

import datetime
from collections.abc import Callable

Clock = Callable[[], datetime.datetime]
"""Gives the present as an aware time; it is handed to whoever may know it."""


def epoch(text: str | None) -> float | None:
    """Return the seconds since 1970 of an RFC 3339 time, or nothing for what isn't one."""
    try:
        moment = datetime.datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None
