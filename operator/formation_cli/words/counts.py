"""Counts as they are typed: ``web=5``, ``worker+2``, ``clock-1``; and as a line that can be typed again.

For an autoscaler they are bounds: ``worker=4..12``.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from formation_cli.failures import Mistyped

WORD = re.compile(r"([^=+-][^=+]{0,62}?)([=+-])([0-9]{1,100})(?:\.\.([0-9]{1,100}))?")
MOST = 2**31 - 1
"""What a count may be at most."""
FORMS = "write a count like web=5, worker+2 or clock-1, or bounds like worker=4..12"


class Bounds(NamedTuple):
    """Between what an autoscaler sets a count."""

    least: int
    most: int

    def __str__(self) -> str:
        """Return them as they are typed."""
        return f"{self.least}..{self.most}"


Count = int | Bounds


class Wanted(NamedTuple):
    """What is wanted of a type's count: ``=`` sets it, ``+`` and ``-`` change it."""

    type: str
    sign: str
    number: int
    bounds: Bounds | None = None
    """What is wanted in place of a number, which is then the lower one."""

    def __str__(self) -> str:
        """Return it as it is typed."""
        return f"{self.type}{self.sign}{self.bounds or self.number}"

    def of(self, before: int) -> int:
        """Return the count after one; raises `Mistyped` for one that can't be."""
        change = self.number if self.sign == "+" else -self.number
        after = self.number if self.sign == "=" else before + change
        if not 0 <= after <= MOST:
            limit = f"it has {before}" if after < 0 else f"{MOST} is the most"
            raise Mistyped(f"{self.type} can't have {after} processes: {limit}.")
        return after


def is_count(word: str) -> bool:
    """Tell whether a word can be nothing else; ``web-1`` may be a name."""
    return WORD.fullmatch(word) is not None and not {*"=+"}.isdisjoint(word)


def parse(words: Iterable[str]) -> list[Wanted]:
    """Return what is wanted; raises `Mistyped` for what isn't a count, and for a type that is named twice."""
    found: dict[str, Wanted] = {}
    for word in words:
        match = WORD.fullmatch(word)
        if match is None or (match[4] and match[2] != "="):
            raise Mistyped(f"{word[:100]!r} isn't a count: {FORMS}.")
        bounds = Bounds(int(match[3]), int(match[4])) if match[4] else None
        if bounds and bounds.least > bounds.most:
            raise Mistyped(f"{word}: the first bound is above the second.")
        wanted = Wanted(match[1], match[2], int(match[3]), bounds)
        if wanted.type in found:
            raise Mistyped(f"{wanted.type} is named twice.")
        found[wanted.type] = wanted
    return [*found.values()]


def line(counts: Mapping[str, Count]) -> str:
    """Return counts as they can be typed."""
    return " ".join(f"{name}={count}" for name, count in counts.items())
