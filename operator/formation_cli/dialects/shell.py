"""A command as a shell reads it, and as the words of a process type, which no shell reads.

Nothing is run here.  What needs no shell becomes plain words, so that SIGTERM reaches the program; the rest
goes to ``/bin/sh -c``, with ``exec`` in front where one program is all there is.
"""

import re
import shlex
from collections.abc import Sequence

from formation_cli.dialects import dotenv, references
from formation_cli.dialects.references import Part

SHELL = ("/bin/sh", "-c")
TOKEN = re.compile(
    r"""(?P<port>\$\{PORT\}|\$PORT(?![A-Za-z0-9_]))|(?P<raw>'[^']*')|(?P<quoted>"(?:[^"\\]|\\.)*")|\\.|[^'"\\]""",
    re.DOTALL,
)
SPECIAL = frozenset("$`;&|<>()*?[]{}~#!\n\r")
"""What means something to a shell outside quotes."""
SEVERAL = frozenset(";&|()`\n{}!#")
"""What may make more of a line than one program."""
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
BUILT_IN = {
    *(".", ":", "alias", "bg", "break", "case", "cd", "command", "continue", "eval", "exec", "exit"),
    *("export", "fg", "for", "function", "getopts", "hash", "if", "jobs", "local", "pushd", "read"),
    *("readonly", "return", "select", "set", "shift", "source", "time", "times", "trap", "type"),
    *("typeset", "ulimit", "umask", "unset", "until", "wait", "while"),
}
"""Words that only a shell understands at the beginning of a command."""
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Ends a line, moves a terminal's cursor, or is half of a character."""
EXEC = "exec "
PORT_MARK = "\ue0a0"
"""Stands for the port while words are split; it is in no command that was typed."""


def words(line: str, *, port: bool) -> list[str]:
    """Return the words of a process type's command; with a port, ``$PORT`` is one without a shell.

    Raises `ValueError` for quotes that don't end.
    """
    port = port and PORT_MARK not in line
    text = without_exec(line.strip())
    try:
        split = shlex.split(text)
    except ValueError as error:
        raise ValueError("a quote or a backslash at the end") from error
    plain = _marked(text) if port else text
    if not _needs_shell(plain, split):
        said = map(references.escaped, shlex.split(plain))
        return [word.replace(PORT_MARK, "$(PORT)") if port else word for word in said]
    first = split[0] if split else ""
    alone = not (first in BUILT_IN or ASSIGNMENT.match(first) or SEVERAL & {*_bare(text)})
    return [*SHELL, references.escaped(f"{EXEC}{text}" if alone else line.strip())]


def line(command: Sequence[str], *, port: bool) -> str:
    """Return a command as a line for a shell: one that `words` makes the same of, if there is one.

    Raises `ValueError` where no line can say it.
    """
    candidates = []
    if tuple(command[:2]) == SHELL and len(command) == 3:
        text = "".join(each.text or f"${{{each.name}}}" for each in _parts(command[2]))
        candidates += [without_exec(text), text]
    candidates.append(" ".join(map(_word, command)))
    fitting = [each for each in candidates if each == each.strip() and not CONTROL.search(each)]
    if not fitting:
        raise ValueError("its command has a line break, or another control character")
    return next((each for each in fitting if _is_read_as(each, command, port=port)), fitting[-1])


def without_exec(text: str) -> str:
    """Return a line without the ``exec`` in front, which changes nothing for what is alone in it."""
    rest = text.removeprefix(EXEC).strip()
    return text if rest.startswith("-") else rest


def _is_read_as(text: str, command: Sequence[str], *, port: bool) -> bool:
    try:
        return words(text, port=port) == [*command]
    except ValueError:
        return False


def _word(word: str) -> str:
    """Return a word in quotes where a shell needs them, with Kubernetes' variables as a shell's."""
    quoted = (_named(each.name) if each.name else shlex.quote(each.text) for each in _parts(word))
    return "".join(quoted) or "''"


def _parts(text: str) -> list[Part]:
    """Return a text in pieces; what refers to a name that no shell knows is a text as any other."""
    return [
        each if dotenv.NAME.fullmatch(each.name or "_") else Part(f"$({each.name})")
        for each in references.parts(text)
    ]


def _named(name: str) -> str:
    return f"${{{name}}}" if name == "PORT" else f'"${{{name}}}"'


def _marked(text: str) -> str:
    """Return a line with a mark for each ``$PORT`` that a shell would replace."""

    def replaced(match: re.Match[str]) -> str:
        if match["quoted"]:
            return re.sub(r"(?<!\\)(?:\$\{PORT\}|\$PORT(?![A-Za-z0-9_]))", PORT_MARK, match[0])
        return PORT_MARK if match["port"] else match[0]

    return TOKEN.sub(replaced, text)


def _needs_shell(text: str, split: Sequence[str]) -> bool:
    if not split or split[0] in BUILT_IN or ASSIGNMENT.match(split[0]):
        return True
    return bool(SPECIAL & {*_bare(text)}) or any("$" in each or "`" in each for each in _quoted(text))


def _bare(text: str) -> str:
    """Return what is outside quotes and not escaped."""
    return "".join(
        match[0][0]
        for match in TOKEN.finditer(text)
        if match["raw"] is None and match["quoted"] is None and match[0][0] != "\\"
    )


def _quoted(text: str) -> list[str]:
    return [match["quoted"] for match in TOKEN.finditer(text) if match["quoted"]]
