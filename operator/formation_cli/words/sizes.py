"""The size of a process, ``cpu=500m,memory=2Gi``, and Kubernetes' quantities in it."""

import importlib
import re
from decimal import Decimal
from typing import Any

from formation_cli.words.reading import Word

QUANTITY = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?(m|k|[KMGTPE]i?)?")
"""As Kubernetes writes quantities, but for exponents."""
KINDS = ("cpu", "memory")
LONGEST = 50
"""Characters of a quantity that are looked at."""
MOST = 10**29


def number(quantity: Any) -> Decimal:
    """Return how much a quantity is; raises `ValueError` for what is none."""
    text = str(quantity)[:LONGEST]
    # Imported late: the client takes long.
    parse_quantity = importlib.import_module("kubernetes.utils.quantity").parse_quantity
    try:
        found: Decimal = parse_quantity(text)
    except ValueError:
        found = Decimal(-1)
    if not 0 <= found < MOST:  # what isn't finite isn't, either
        raise ValueError(f"{text!r} isn't a quantity")
    return found


def parse(text: str) -> dict[str, str]:
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


SIZE = Word("size", parse)
