"""Kubernetes' times as numbers, so that they can be compared. Nothing here knows what time it is."""

import datetime


def epoch(text: str | None) -> float | None:
    """Return the seconds since 1970 of an RFC 3339 time, or nothing for an empty one."""
    return datetime.datetime.fromisoformat(text).timestamp() if text else None
