"""What the script of a `sh -c` ends with: the command that the container lives and ends by.

A shell's language is large, so this reads the small part of it that people write into a command, and
says nothing about any other script (loops, functions, substitutions, here-documents).
Source: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html
"""

import dataclasses
import itertools
import re
from collections.abc import Iterator, Sequence

from formation_operator.foreground.daemon import ANYTHING, Daemon

SHELLS = ("sh", "bash", "dash", "ash", "ksh", "zsh")
COMPOUND = frozenset(
    ("if", "then", "elif", "else", "fi", "case", "esac", "for", "select", "while", "until", "do", "done")
) | {"function", "coproc", "time", "{", "}", "[[", "!"}
TOKEN = re.compile(
    r"""
      (?P<nothing>[ \t]+|\\\n|\#[^\n]*)
    | (?P<beyond><<|<\(|>\(|;;|[()`])
    | (?P<redirection>[0-9]*(&>>|&>|>>|>&|>\||<&|<>|[<>])[ \t]*)
    | (?P<separator>&&|\|\||\|&|[;&|\n])
    | (?P<word>([^\s'"\\;&|<>()`]++|\\[^\n]|'[^']*'|"([^"\\]++|\\.)*+")+)
    """,
    re.VERBOSE | re.DOTALL,
)
QUOTES = re.compile(r"""'(?P<plain>[^']*)'|"(?P<text>([^"\\]++|\\.)*+)"|\\(?P<one>.)""", re.DOTALL)
INJECTED = re.compile(r"\$\((PORT|FORMATION|PROCESS_TYPE|PROCESS_NAME)\)")
"""Kubernetes fills these in before the shell sees them: no substitution, though it looks like one."""
OPTIONS = re.compile(r"[-+][A-Za-z]+")
MOST_TOKENS = 2048
"""Tokens of a script that is read, blanks among them."""
LONG_OPTIONS = ("--login", "--noprofile", "--norc", "--posix")
QUIET = ("exit", "echo", "printf", "true", ":")
"""What a shell does itself, and without waiting, after it has sent something into the background."""
UNKNOWN = "$()"
"""Stands for a word with a variable."""
BACKGROUNDING = Daemon(
    "remove the & at its end, or let the shell wait for it",
    ANYTHING,
    does="starts its last command in the background and ends",
)


@dataclasses.dataclass(frozen=True)
class End:
    """The last command of a script."""

    command: Sequence[str]
    background: bool
    """Whether the shell doesn't wait for it."""


def script(command: Sequence[str]) -> str | None:
    """Return the script that a command gives to a shell, or nothing if it runs another program or a file."""
    if not command or command[0].rsplit("/", 1)[-1] not in SHELLS:
        return None
    given, words = False, iter(command[1:])
    for word in words:
        if word in LONG_OPTIONS:
            continue
        if word == "--":
            return next(words, None) if given else None
        if not OPTIONS.fullmatch(word):
            return word if given else None
        given |= word[0] == "-" and "c" in word
        if "o" in word:
            next(words, None)  # the name of an option
    return None


def end(text: str) -> End | None:
    """Return what a script ends with, or nothing if that isn't plain."""
    commands = _commands(INJECTED.sub("$PORT", text))
    if commands is None or any(_may_wait(command) for command, _ in commands):
        return None
    # What a shell disowns goes on in the background.
    rest = [each for each in commands if each[0][0] != "disown"]
    if not rest:
        return None
    last = next((each for each in reversed(rest) if each[0][0] not in QUIET), rest[-1])
    if last[1] == "&":
        return End(last[0], background=True)
    command, _ = rest[-1]
    if len(rest) > 1 and rest[-2][1] == "||":
        return None  # runs only if the one before fails
    # Without `exec` it depends on the shell whether setsid has to fork.
    return None if command[0] == "setsid" else End(command, background=False)


def _may_wait(command: Sequence[str]) -> bool:
    """Return whether a command waits for others, or is one that this doesn't read."""
    return "wait" in command or command[0] in ("trap", "eval", *COMPOUND)


def _commands(text: str) -> list[tuple[list[str], str]] | None:
    """Return each simple command of a script, and what comes after it."""
    commands: list[tuple[list[str], str]] = []
    words: list[str] = []
    target = False
    for kind, token in _tokens(text):
        if kind == "beyond":
            return None
        if kind == "separator" and words:
            commands.append((words, token))
            words = []
        elif kind == "word" and not target:
            words.append(_unquoted(token))
        target = kind == "redirection"
    return [*commands, (words, "")] if words else commands


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield the tokens of a script; what can't be read is beyond us."""
    position = 0
    if "$(" in text:
        yield "beyond", "$("
    for match in itertools.islice(TOKEN.finditer(text), MOST_TOKENS):
        if match.start() > position:
            break
        position = match.end()
        if match.lastgroup != "nothing":
            yield str(match.lastgroup), match.group()
    if position < len(text):
        yield "beyond", text[position:]


def _unquoted(word: str) -> str:
    """Return a word without its quotes."""
    if "$" in word:
        return UNKNOWN
    return QUOTES.sub(lambda match: match["plain"] or match["text"] or match["one"] or "", word)
