"""Values of options: durations as kubectl takes them (``90s``, ``1h30m``; and days: ``1d``), sizes, ports."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import click


class Word(click.ParamType[Any]):
    """A word, and the function that reads it; its `ValueError` is what the person at the terminal sees."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        """Take what such a word is called, and the function."""
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return what is meant, which a value may be already."""
        try:
            return self._read(value) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(str(error), param, ctx)


UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
PART = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(d|h|ms|m|s)")
LONGEST_DURATION = 32
"""Characters of a duration."""


def seconds(text: str) -> float:
    """Return how many seconds a duration has; raises `ValueError` if it is none."""
    if text.isdecimal() and len(text) <= LONGEST_DURATION:
        return float(text)
    parts = PART.findall(text[:LONGEST_DURATION])
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text[:LONGEST_DURATION]!r} isn't a duration; try 30s, 10m or 1h30m")
    return sum(float(number) * UNITS[unit] for number, unit in parts)


DURATION = Word("duration", seconds)


QUANTITY = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?(m|k|[KMGTPE]i?)?")
"""As Kubernetes writes quantities, but for exponents."""
KINDS = ("cpu", "memory")
AMOUNT = re.compile(
    r"([0-9]{1,20}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})(?:[eE]([+-]?[0-9]{1,2})|([numkMGTPE]|[KMGTPE]i)?)"
)
"""A quantity as the API server writes it, or takes it."""
POWERS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
LONGEST = 50
"""Characters of a quantity that are looked at."""
MOST = 10**29


def number(quantity: Any) -> Decimal:
    """Return how much a quantity is; raises `ValueError` for what is none."""
    text = str(quantity)[:LONGEST]
    match = AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} isn't a quantity")
    digits, exponent, suffix = match.groups(default="")
    if suffix.endswith("i"):
        found = Decimal(digits) * Decimal(1024) ** (1 + "KMGTPE".index(suffix[0]))
    else:
        found = Decimal(digits).scaleb(int(exponent or POWERS[suffix]))
    if found >= MOST:
        raise ValueError(f"{text!r} isn't a quantity")
    return found


def size(text: str) -> dict[str, str]:
    """Return the resources of a size by name; raises `ValueError` for what is none."""
    found = {}
    for part in text.split(","):
        kind, _, quantity = part.partition("=")
        if kind not in KINDS or not QUANTITY.fullmatch(quantity):
            raise ValueError(f"{part[:50]!r} isn't a size; try cpu=500m,memory=2Gi")
        if kind in found:
            raise ValueError(f"{kind} is named twice")
        found[kind] = quantity
    return found


SIZE = Word("size", size)


class Port(click.IntRange):
    """A port, within the bounds that a command has for it."""

    name = "port"


ANY = Port(1, 65535)


class Pair(NamedTuple):
    """A port here, or 0 for any that is free, and that of a process; none is that of the type."""

    local: int | None
    remote: int | None


def pair(text: str) -> Pair:
    """Return both ports as kubectl port-forward takes them, ``9000:8080``, ``:8080``, or ``9000`` alone.

    Raises `click.BadParameter` for what is no port.
    """
    local, colon, remote = text.partition(":")
    return Pair(Port(0, 65535)(local or "0"), ANY(remote) if colon else None)


PAIR = Word("ports", pair)
