"""A ``.env`` file, as python-dotenv reads it: nothing is replaced in a value.

A value in quotes may have several lines. What is written means the same to a shell that sources the file.
Source: https://github.com/theskumar/python-dotenv#file-format
"""

import io
import re
from collections.abc import Mapping

from dotenv import parser

from formation_cli.failures import Mistyped
from formation_operator.api.fields import MOST_VARIABLES

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
SHELLS_OWN = re.compile(
    r"BASH.*|DIRSTACK|EPOCH(REALTIME|SECONDS)|E?UID|FUNCNAME|GROUPS|HISTCMD|LINENO|OPTIND|PPID|PROMPT_COMMAND"
    r"|PS[0-4]|S?RANDOM|SECONDS|SHELLOPTS|_"
)
"""A shell that is given one of these refuses it, makes something else of it, or runs commands that are in it.

Source: https://www.gnu.org/software/bash/manual/html_node/Bash-Variables.html
"""
PORT = "PORT"
PORT_IS_SET = "the operator sets it, to the port of each type that has one"
"""Why the PORT of a file, which is Foreman's, is no app's variable."""
IMPOSSIBLE = re.compile(r"[\x00\ud800-\udfff]")
"""What Linux gives no process."""
PLAIN = re.compile(r"[A-Za-z0-9_@%+:,./-]*")
UNESCAPED = re.compile(r"\\(\\|\Z)")
"""What python-dotenv takes a backslash away from in single quotes."""
SPECIAL = re.compile(r'[\\"$`\r]')
"""What a shell, or python-dotenv, makes something of in double quotes."""


def parse(text: str, file: str = ".env") -> dict[str, str]:
    """Return the variables; raises `Mistyped` with the line for what isn't one."""
    found: dict[str, str] = {}
    for each in parser.parse_stream(io.StringIO(text, newline="")):
        said = each.original.string
        blank = said[: len(said) - len(said.lstrip())].count("\n")
        where = f"{file}, line {each.original.line + blank}"
        if each.key is None and not each.error:
            continue
        if each.value is None or not NAME.fullmatch(each.key or ""):
            # The line itself isn't shown: it may be half of a password.
            raise Mistyped(f"{where}: not a variable.", hint="Write it as NAME=value, or NAME='value'.")
        found[each.key or ""] = each.value
        if len(found) > MOST_VARIABLES:
            raise Mistyped(f"{where}: more than {MOST_VARIABLES} variables, the limit of a Formation.")
    return found


def write(variables: Mapping[str, str]) -> str:
    """Return the text of a file; raises `ValueError` for a variable that `check` refuses."""
    return "".join(f"{name}={_quoted(value)}\n" for name, value in variables.items())


def check(name: str, value: str) -> None:
    """Raise `ValueError` with the reason why no line of a file says a variable."""
    if not NAME.fullmatch(name):
        raise ValueError("not a valid variable name in a shell")
    if SHELLS_OWN.fullmatch(name):
        raise ValueError("a shell uses that name itself")
    _quoted(value)


def _quoted(value: str) -> str:
    """Return a value as python-dotenv and a shell read it alike."""
    if IMPOSSIBLE.search(value):
        raise ValueError("its value has a zero byte, or isn't valid UTF-8")
    if PLAIN.fullmatch(value):
        return value
    if "'" not in value and not UNESCAPED.search(value):
        return f"'{value}'"
    if not SPECIAL.search(value):
        return f'"{value}"'
    raise ValueError("no line of a file gives this value to both python-dotenv and a shell")
