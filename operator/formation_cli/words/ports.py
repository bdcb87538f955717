"""Ports on the command line."""

from typing import Any, NamedTuple

import click


class Port(click.IntRange):
    """A port, within the bounds that a command has for it."""

    name = "port"


ANY = Port(1, 65535)


class Pair(NamedTuple):
    """A port here, or 0 for any that is free, and that of a process; none is that of the type."""

    local: int | None
    remote: int | None


class PairOfPorts(click.ParamType[Pair]):
    """Ports as kubectl port-forward takes them: ``9000:8080``, ``:8080``; and ``9000`` for the local one."""

    name = "ports"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Pair:
        """Return both ports, or say what a port is."""
        local, colon, remote = str(value).partition(":")
        return Pair(
            Port(0, 65535)(local or "0", param, ctx),
            ANY(remote, param, ctx) if colon else None,
        )


PAIR = PairOfPorts()
