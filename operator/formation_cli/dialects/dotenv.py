"""A ``.env`` file, as Foreman reads it: ``NAME=value`` in each line, and nothing is replaced in a value.

In double quotes backslash-n is a line break, and a backslash keeps what else follows it as it is; in single
quotes nothing has a meaning.  What is written here means the same to a shell that sources the file.
Source: https://github.com/ddollar/foreman/blob/main/lib/foreman/env.rb
"""

import re
from collections.abc import Mapping

from formation_cli.dialects import lines
from formation_cli.failures import Mistyped
from formation_operator.api.formation import MOST_VARIABLES
from formation_operator.kube.objects import lenient

LINE = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]{0,254})[ \t]*=(.*)", re.DOTALL)
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
SPECIAL = re.compile(r'[\\"$`]')
"""What a shell makes something of in double quotes."""
SWALLOWED = re.compile(r"[^\x00-\x7f]\\(?!n)")
"""An escape that a shell of another encoding than UTF-8 takes for a half of the character before it."""
ESCAPE = re.compile(r"\\(.)")


def parse(text: str, file: str = ".env") -> dict[str, str]:
    """Return the variables; raises `Mistyped` with the line for what isn't one."""
    found: dict[str, str] = {}
    for where, line in lines.meant(text, file):
        match = LINE.fullmatch(line)
        if match is None:
            # The line itself isn't shown: it may be half of a password.
            raise Mistyped(f"{where}: not a variable.", hint="Write it as NAME=value, in one line.")
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
    return inner if quote == "'" else ESCAPE.sub(r"\1", inner.replace("\\n", "\n"))


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
    """Return a value as Foreman and a shell read it alike; but a shell keeps a line break as backslash-n."""
    if IMPOSSIBLE.search(value):
        raise ValueError("its value has a zero byte, or half of a character")
    if PLAIN.fullmatch(value):
        return value
    if not {"'", "\n"} & {*value}:
        return f"'{value}'"
    quoted = '"' + SPECIAL.sub(r"\\\g<0>", value).replace("\n", "\\n") + '"'
    if SWALLOWED.search(quoted) or _value(quoted, "") != value:
        raise ValueError("no line gives Foreman and a shell the same value")
    return quoted
