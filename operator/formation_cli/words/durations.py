"""Durations as kubectl takes them: ``90``, ``90s``, ``1h30m``; and days: ``1d``."""

import re

from formation_cli.words.reading import Word

UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
PART = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(d|h|ms|m|s)")
LONGEST = 32
"""Characters of a duration."""


def seconds(text: str) -> float:
    """Return how many seconds a duration has; raises `ValueError` if it is none."""
    if text.isdecimal() and len(text) <= LONGEST:
        return float(text)
    parts = PART.findall(text[:LONGEST])
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text[:LONGEST]!r} isn't a duration; try 30s, 10m or 1h30m")
    return sum(float(number) * UNITS[unit] for number, unit in parts)


DURATION = Word("duration", seconds)
