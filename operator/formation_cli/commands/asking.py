"""Ask before something is done that is hard to take back."""

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
    try:
        click.confirm(question, abort=True, err=True)
    except click.Abort as abort:
        raise KeyboardInterrupt from abort
