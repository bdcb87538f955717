"""What the script of a `sh -c` ends with: the simple command that the container lives and ends by.

A shell's language is large: of a script with anything but plain commands nothing is said.
"""

import itertools
import re
import shlex
from collections.abc import Sequence

LONGEST = 4096
"""Characters of a command that is looked at, all its words together, and a line feed for each."""
LONGEST_SCRIPT = 1024
"""Characters of a script that is read."""
SHELL = re.compile(
    r"([^\n]*/)?(ba|da|a|k|z)?sh\n(-[a-z]*o\n[a-z]+\n|-[abd-np-z]+\n|--(login|norc|noprofile|posix)\n)*"
    r"-[abd-np-z]*c[abd-np-z]*\n(--\n)?"
)
"""A shell with its options, up to its script."""
INJECTED = re.compile(r"\$\((PORT|FORMATION|PROCESS_TYPE|PROCESS_NAME)\)")
"""Kubernetes fills these in before the shell sees them: no substitution, though it looks like one."""
UNCLEAR = re.compile(
    r"""[#`()\\]|<<|\|\||(['"])[;&|<>\s]+\1"""
    r"""|(^|[\s;&|])(if|case|for|select|while|until|coproc|\{|\[\[|!|wait|trap|eval|setsid)($|[\s;&|])"""
)
"""What this doesn't read: what only quotes tell from the shell's own signs, loops and the like, and commands
after which the shell waits, or that depend on the shell."""
SEPARATOR = re.compile(r"[;&|\n]+")


def as_text(words: Sequence[str]) -> str:
    """Return words as one text, in which a line feed ends each; none if that is too long to be looked at."""
    is_short = len(words) <= LONGEST and len(words) + sum(map(len, words)) <= LONGEST
    return "".join(word.replace("\n", " ") + "\n" for word in words) if is_short else ""


def script(words: Sequence[str]) -> str | None:
    """Return the script that a command gives to a shell; nothing if it runs another program or a file."""
    shell = SHELL.match(as_text(words))
    return next(iter(words[shell.group().count("\n") :]), None) if shell else None


def end(text: str) -> tuple[list[str], bool]:
    """Return a script's last command, if it is plain, and whether the shell doesn't wait for it."""
    plain = INJECTED.sub("$", text.replace("\\\n", " ")).strip("; \t\n")
    if len(text) > LONGEST_SCRIPT or UNCLEAR.search(plain):
        return [], False
    reader = shlex.shlex(plain.rstrip("& "), posix=True, punctuation_chars=";&|<>\n")
    reader.whitespace, reader.whitespace_split, reader.commenters = " \t\r", True, ""
    try:
        tokens = [*reader]
    except ValueError:  # a quote without an end
        return [], False
    last = itertools.takewhile(lambda token: not SEPARATOR.fullmatch(token), reversed(tokens))
    return [*last][::-1], plain.endswith("&")
