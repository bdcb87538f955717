r"""Texts as a unit file of systemd takes them: in quotes, on one line, and without a meaning of their own.

``%`` begins a specifier and ``$`` a variable, so each is doubled; a backslash begins an escape.
Source: https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html#Quoting and
https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines
"""

import re

PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
FORBIDDEN = re.compile(r"[\x00\ud800-\udfff]")
"""No unit can say a zero byte, nor what is no UTF-8."""


def literal(text: str) -> str:
    """Return a text in which no specifier is replaced."""
    return text.replace("%", "%%")


def argument(text: str) -> str:
    """Return a text of a command line in which neither a specifier nor a variable is replaced."""
    return literal(text).replace("$", "$$")


def quoted(text: str) -> str:
    """Return one word: in double quotes, unless it needs none.

    Raises `ValueError` for what no unit can say.
    """
    if FORBIDDEN.search(text):
        raise ValueError("a zero byte, or a character that isn't valid UTF-8")
    if PLAIN.fullmatch(text):
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(letter: str) -> str:
    if letter in {'"', "\\"}:
        return f"\\{letter}"
    if letter.isprintable():
        return letter
    return "".join(f"\\x{byte:02x}" for byte in letter.encode())
