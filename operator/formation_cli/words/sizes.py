"""The size of a process: ``cpu=500m,memory=2Gi``."""

import re
from typing import Any

import click

QUANTITY = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?(m|k|[KMGTPE]i?)?")
"""As Kubernetes writes quantities, but for exponents."""
KINDS = ("cpu", "memory")


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


class Size(click.ParamType[dict[str, str]]):
    """A size on the command line."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, str]:
        """Return the resources, or say what a size looks like."""
        try:
            return parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


SIZE = Size()
