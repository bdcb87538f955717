"""Ask a person which variables are secret."""

import re
import sys
from collections.abc import Mapping

import click

from formation_cli.commands import asking
from formation_cli.failures import did_you_mean
from formation_cli.words import variables as words

NONE = "-"
SEPARATORS = re.compile(r"[\s,]+")


def which_are_secret(variables: Mapping[str, str]) -> list[str]:
    """Return the names of those variables that are secret."""
    guesses = words.secret_ones(variables)
    if not sys.stdin.isatty():
        if guesses:
            click.echo(
                f"Treated as secret, because of their names and values: {', '.join(guesses)}", err=True
            )
        return guesses
    if not variables:
        return []
    click.echo(f"Variables: {', '.join(variables)}", err=True)
    return _asked(variables, " ".join(guesses) or NONE)


def _asked(variables: Mapping[str, str], guesses: str) -> list[str]:
    """Return what is typed, once it is the names of variables."""
    while True:
        text = f"Which of them are secret? (names, or {NONE} for none)"
        names = SEPARATORS.split(asking.answered(text, default=guesses).strip())
        if names == [NONE]:
            return []
        strange = [each for each in names if each not in variables]
        if not strange:
            return [*dict.fromkeys(names)]
        hint = did_you_mean(strange[0], variables)
        click.echo(f"There is no variable {strange[0][:100]!r}. {hint}", err=True)
