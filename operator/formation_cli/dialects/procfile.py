"""A Procfile: a process type and its command in each line, ``web: gunicorn app``.

Source: https://devcenter.heroku.com/articles/procfile and https://ddollar.github.io/foreman/
"""

import re
from collections.abc import Mapping

from formation_cli.dialects import names
from formation_cli.dialects.shell import CONTROL
from formation_cli.failures import Mistyped
from formation_operator.api.fields import LONGEST_WORD
from formation_operator.kube.objects import lenient

LINE = re.compile(r"([A-Za-z0-9_.-]{1,128}):(.*)", re.DOTALL)


def parse(text: str, file: str = "Procfile") -> dict[str, str]:
    """Return the command of each type, ``release`` among them, in their order.

    Raises `Mistyped` with the line for what isn't one of a Procfile, or can't be a process type.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(map(str.strip, text.split("\n")), 1):
        if not line or line.startswith("#"):
            continue
        where = f"{file}, line {number}"
        name, command = _split(line, where)
        if name != names.RELEASE:
            names.check_type(name, where)
        if name in found:
            raise Mistyped(f"{where}: {name} appears twice.", hint="Give one of them another name.")
        found[name] = command
    return found


def _split(line: str, where: str) -> tuple[str, str]:
    match = LINE.fullmatch(line)
    if match is None:
        raise Mistyped(
            f"{where}: {lenient.shown(line, lenient.LONGEST_WORD)!r} isn't a process type and a command.",
            hint="Write it like web: command, or start a comment with #.",
        )
    command = match[2].strip()
    if CONTROL.search(command):
        raise Mistyped(f"{where}: a control character in the command of {match[1]}.", hint="Remove it.")
    if not command:
        raise Mistyped(f"{where}: what should {match[1]} run?", hint=f"Write it as {match[1]}: command.")
    if len(command.encode()) > LONGEST_WORD:
        raise Mistyped(f"{where}: the command of {match[1]} has more than {LONGEST_WORD} bytes.")
    return match[1], command


def write(commands: Mapping[str, str]) -> str:
    """Return the text of a Procfile."""
    return "".join(f"{name}: {command}\n" for name, command in commands.items())
