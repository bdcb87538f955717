"""Kubernetes' ``$(NAME)`` in a command or a variable: ``$$`` is a dollar sign, and an unknown name stays.

Source: https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.37/#envvar-v1-core
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from formation_operator.api.fields import LONGEST_WORD

# What has no end takes the rest: searched for at each beginning, that would take long.
TOKEN = re.compile(r"\$\$|\$\((?:([^)]*)\)|.*)", re.DOTALL)
MOST = 2 * LONGEST_WORD
"""Characters of a text with its values: systemd's escapes double some."""
AMBIGUOUS = re.compile(r"\$(?=[$(])")


class Part(NamedTuple):
    """A piece of a text as it is meant, or the name of a variable."""

    text: str = ""
    name: str = ""


def parts(text: str) -> list[Part]:
    """Return a text in pieces: what is meant as it is, and the variables in between."""
    found: list[Part] = []
    end = 0
    for match in TOKEN.finditer(text):
        itself = Part(name=match[1]) if match[1] else Part(match[0].replace("$$", "$"))
        found += [Part(text[end : match.start()]), itself]
        end = match.end()
    return [each for each in (*found, Part(text[end:])) if each != Part()]


def expanded(text: str, value: Callable[[str], str | None], literal: Callable[[str], str] = str) -> str:
    """Return a text with values in place of names; where there is None, the reference stays.

    Raises `ValueError` for one that is longer than a process can be given: each variable may double another.
    """
    pieces, size = [], 0
    for part in parts(text):
        found = value(part.name) if part.name else literal(part.text)
        pieces.append(literal(f"$({part.name})") if found is None else found)
        size += len(pieces[-1])
        if size > MOST:
            raise ValueError(f"a text of more than {MOST} characters, once its variables are replaced")
    return "".join(pieces)


def escaped(text: str) -> str:
    """Return a text so that Kubernetes makes of it what it is."""
    return AMBIGUOUS.sub("$$", text)
