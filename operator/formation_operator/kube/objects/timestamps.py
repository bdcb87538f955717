"""Kubernetes' times as numbers, so that they can be compared."""

import datetime
from collections.abc import Callable

Clock = Callable[[], datetime.datetime]
"""Returns the present as an aware time; pure code gets it as an argument."""


def epoch(text: str | None) -> float | None:
    """Return the seconds since 1970 of an RFC 3339 time, or nothing for any other text."""
    try:
        moment = datetime.datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None


def rfc3339(moment: datetime.datetime) -> str:
    """Return an aware time as Kubernetes writes it: in UTC, and whole seconds."""
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def earlier(text: str | None, seconds: float) -> str:
    """Return the RFC 3339 time so many seconds before another one; nothing before what isn't one."""
    moment = epoch(text)
    if moment is None:
        return ""
    return rfc3339(datetime.datetime.fromtimestamp(moment - seconds, datetime.UTC))
