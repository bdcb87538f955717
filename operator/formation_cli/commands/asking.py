"""Ask a person, at a terminal."""

import sys

import click

from formation_cli.failures import Failure


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


def answered(text: str, *, default: str = "", hidden: bool = False) -> str:
    """Return what a person types at the terminal."""
    return click.prompt(text, default, hide_input=hidden, show_default=bool(default), err=True)
