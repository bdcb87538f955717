"""Ask a person: before something is done that is hard to take back, and which variables are secret."""

import re
import sys
from collections.abc import Mapping

import click

from formation_cli.failures import Failure, did_you_mean
from formation_cli.words import variables as words


def is_terminal() -> bool:
    """Tell whether a person may answer."""
    return sys.stdin.isatty()


def confirm(question: str, otherwise: Failure) -> None:
    """Return if a person at a terminal says yes; where no person could answer, raise the failure.

    A no ends the command as Ctrl-C does.
    """
    if not is_terminal():
        raise otherwise
    click.confirm(question, abort=True, err=True)


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
        names = SEPARATORS.split(answered(text, default=guesses).strip())
        if names == [NONE]:
            return []
        strange = [each for each in names if each not in variables]
        if not strange:
            return [*dict.fromkeys(names)]
        hint = did_you_mean(strange[0], variables)
        click.echo(f"There is no variable {strange[0][:100]!r}. {hint}", err=True)


def answered(text: str, *, default: str = "", hidden: bool = False) -> str:
    """Return what a person types at the terminal."""
    return click.prompt(text, default, hide_input=hidden, show_default=bool(default), err=True)
