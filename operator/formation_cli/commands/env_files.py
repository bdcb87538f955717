"""Files of ``NAME=value`` lines, such as a ``.env``: what they have, and what an app gets of it."""

from collections.abc import Iterable, Sequence

import click

from formation_cli import files
from formation_cli.dialects import dotenv
from formation_cli.failures import Mistyped, did_you_mean

STDIN = "-"


def read(paths: Iterable[str]) -> dict[str, str]:
    """Return the variables of files, later ones over earlier ones."""
    found: dict[str, str] = {}
    for path in paths:
        found |= dotenv.parse(files.read(path), "stdin" if path == STDIN else path)
    return found


def of_an_app(paths: Sequence[str]) -> dict[str, str]:
    """Return the variables that an app gets: Foreman's PORT would be another one than its Service has."""
    found = read(paths)
    if found.pop(dotenv.PORT, None) is not None:
        click.echo(f"Left out: {dotenv.PORT} of {', '.join(paths)}: {dotenv.PORT_IS_SET}", err=True)
    return found


def chosen(paths: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Return the variables that are named, or all that an app gets; raises `Mistyped` where there is none."""
    found = read(paths) if names else of_an_app(paths)
    if not found:
        raise Mistyped(f"{', '.join(paths)}: not a variable.")
    for each in names:
        if each not in found:
            raise Mistyped(f"{each} isn't in {', '.join(paths)}.", hint=did_you_mean(each, found))
    return {name: found[name] for name in (names or found)}
