"""How a command ends when it can't do what it should: one sentence, the way out, and an exit code.

The pages of the commands show the text below each exit code.
"""

import contextlib
import difflib
import re
import shlex
import signal
import sys
from collections.abc import Iterable, Iterator
from typing import IO, Any

import click

FAILED = 1
"""The command failed: a process crashes, the Formation is stalled, the API server refuses a change, or
there is nothing to do it with now, such as no canary that has failed, or no revision to go back to."""
MISTYPED = 2
"""The command was mistyped, and nothing was changed. It may also name a type, a revision, a variable or a
process that the Formation doesn't have."""
NOT_FOUND = 3
"""There is no such Formation or other object, or the cluster doesn't know Formations."""
NO_ACCESS = 4
"""The cluster can't be reached, or it denies you access."""
TIMED_OUT = 5
"""The `--timeout` of the wait is over."""
OVERTAKEN = 6
"""Somebody else has deployed another version before this deploy was over, so this one isn't rolled out."""
OVERTIME = 124
"""`run`: the `--timeout` of the command is over."""
OURS = 125
"""`run` and `exec`: the command wasn't reached, for one of the causes 1 to 5. A line says `Error:`."""
NOT_STARTED = 126
"""`run`: the command can't be started."""
NO_COMMAND = 127
"""`run`: there is no such command."""
SIGNAL = 128
"""More than its number is the exit code of what a signal has ended, as shells have it."""
INTERRUPTED = SIGNAL + signal.SIGINT
"""Ctrl-C interrupted the command (SIGINT)."""
BROKEN_PIPE = SIGNAL + signal.SIGPIPE
"""The reader of the output has gone (SIGPIPE), as after `head`."""


FLAGS = {"-n": "namespace", "--context": "context", "--kubeconfig": "kubeconfig", "--as": "as_user"}
"""What a command that is pasted has to say again, so that it is about the same Formation."""
COMMAND = re.compile(r"\bkubectl( formation)?(?= [a-z])")


def again(words: str) -> str:
    """Return a command of ours to paste, which says the same cluster and namespace as what was typed."""
    return " ".join(["kubectl formation", *_flags(), words])


def pasted(text: str) -> str:
    """Return a text of the status in which each command to paste says the same cluster and namespace."""
    return COMMAND.sub(lambda found: " ".join([found[0], *_flags()]), text)


def _flags() -> list[str]:
    current = click.get_current_context(silent=True)
    typed = current.find_root().ensure_object(dict) if current else {}
    return [f"{flag} {shlex.quote(typed[name])}" for flag, name in FLAGS.items() if typed.get(name)]


ENDINGS = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
"""By which somebody ends a command."""


class Failure(click.ClickException):
    """Ends the command with a sentence for people, and a hint at the way out."""

    exit_code = FAILED
    refused = False
    """Whether the API server has said no, so that nothing was changed."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Take the sentence and the hint."""
        super().__init__(message)
        self.hint = hint

    def also(self, hint: str) -> None:
        """Add a hint, unless it is empty."""
        self.hint = "\n".join(filter(None, [self.hint, hint]))

    def show(self, file: IO[Any] | None = None) -> None:
        """Write both to stderr."""
        click.secho("Error: ", fg="red", bold=True, nl=False, err=True, color=self.show_color)
        click.echo(self.message, err=True)
        if self.hint:
            click.echo(self.hint, err=True)


class Mistyped(Failure):
    """Ends a command that can't be meant so."""

    exit_code = MISTYPED


class NotFound(Failure):
    """Ends a command about something that isn't there."""

    exit_code = NOT_FOUND


class NoAccess(Failure):
    """Ends a command that doesn't reach the cluster, or may not."""

    exit_code = NO_ACCESS


class TimedOut(Failure):
    """Ends a command that waits, when its time is over."""

    exit_code = TIMED_OUT


class Overtaken(Failure):
    """Ends the wait for a deploy that another one has come before."""

    exit_code = OVERTAKEN


@contextlib.contextmanager
def told_apart() -> Iterator[None]:
    """Have a failure of ours end with a code that no command of somebody's is likely to end with."""
    try:
        yield
    except click.ClickException as error:
        error.show()
        raise click.exceptions.Exit(OVERTIME if isinstance(error, TimedOut) else OURS) from error


def end_when_asked() -> None:
    """Have SIGTERM and SIGHUP end us as Ctrl-C does, so that what is under way is put in order.

    A signal that is ignored stays so: that is what nohup is for.
    """
    for number in ENDINGS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Put in order what is under way, whatever comes: Ctrl-C again, or the end of a CI job."""
    before = {number: signal.signal(number, _do_nothing) for number in ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def saying_when_ended(*lines: str) -> Iterator[None]:
    """Say what stands if somebody ends us meanwhile: by Ctrl-C, or with a CI job."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        with contextlib.suppress(OSError):  # the terminal may be closed
            for line in filter(None, lines):
                click.echo(line, err=True)
        raise


def _end(number: int, _: object) -> None:
    """End by a signal, once: another one would interrupt how we end, and show a traceback."""
    signal.signal(number, _do_nothing)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(SIGNAL + number)


def _do_nothing(*_: object) -> None:
    """Ignore a signal; with SIG_IGN, Python prints a traceback about one that comes while that is set."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the question after a typo, or what there is to choose from."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    if close:
        return f"Did you mean {close[0]}?"
    return f"There is: {', '.join(names)}." if names else ""
