"""Ports on the command line."""

import click


class Port(click.IntRange):
    """A port, within the bounds that a command has for it."""

    name = "port"


ANY = Port(1, 65535)
