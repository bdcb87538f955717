"""A ``.env`` file, as Foreman reads it: ``NAME=value`` in each line, and nothing is replaced in a value.

In double quotes a backslash keeps what follows it as it is, and backslash-n is a line break; in single quotes
nothing has a meaning.  Source: https://github.com/ddollar/foreman/blob/main/lib/foreman/env.rb
"""

import re
from collections.abc import Mapping

from formation_cli.dialects import lines
from formation_cli.failures import Mistyped
from formation_operator.api.formation import MOST_VARIABLES
from formation_operator.kube.objects import lenient

LINE = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]{0,254})[ \t]*=(.*)", re.DOTALL)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
LETTERS = {"n": "\n", "r": "\r"}
PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./$-]*")


def parse(text: str, file: str = ".env") -> dict[str, str]:
    """Return the variables; raises `Mistyped` with the line for what isn't one."""
    found: dict[str, str] = {}
    for where, line in lines.meant(text, file):
        match = LINE.fullmatch(line)
        if match is None:
            # The line itself isn't shown: it may be half of a password.
            raise Mistyped(f"{where}: no variable.", hint="Write it as NAME=value, in one line.")
        found[match[1]] = _value(match[2].strip(), f"{where}: {lenient.shown(match[1])}")
        if len(found) > MOST_VARIABLES:
            raise Mistyped(f"{where}: more than {MOST_VARIABLES} variables, which a Formation can have.")
    return found


def _value(text: str, where: str) -> str:
    quote = text[:1]
    if quote not in {"'", '"'} or not quote:
        return text
    if len(text) < 2 or text[-1] != quote:
        raise Mistyped(
            f"{where}: the value begins with {quote} and doesn't end with it.",
            hint="Write it in one line; a line break in double quotes is \\n.",
        )
    inner = text[1:-1]
    return inner if quote == "'" else ESCAPE.sub(lambda match: LETTERS.get(match[1], match[1]), inner)


def write(variables: Mapping[str, str]) -> str:
    """Return the text of a file."""
    return "".join(f"{name}={_quoted(value)}\n" for name, value in variables.items())


def _quoted(value: str) -> str:
    if PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
