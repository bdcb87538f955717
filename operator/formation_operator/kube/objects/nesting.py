"""JSON that others wrote, however deep it is nested, and whatever its texts are made of.

Every parser gives up at some level, pydantic's at two hundred.  The API server takes ten thousand in the
managed fields, which anybody may write, and bytes there that are no text: one object of one tenant would keep
everybody's from being read.
"""

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pydantic_core

DEEPEST = 200
"""Levels that are read; nothing that we look at has a tenth of them."""
UNREADABLE = "\ufffd"
"""Stands for bytes that are no text."""
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[][{}]')
"""What opens or closes a level, and texts, in which brackets mean nothing. It takes a time in proportion."""


def parsed(text: bytes) -> Any:
    """Return what a text says, with null for what is nested too deep; raise `ValueError` if it is no JSON."""
    try:
        return pydantic_core.from_json(text)
    except ValueError:  # it is too deep, no UTF-8, or no JSON
        plain = text.decode(errors="replace")
    if UNREADABLE in plain:  # in a quarter of the time that looking for what is too deep takes
        with contextlib.suppress(ValueError):
            return pydantic_core.from_json(plain)
    return json.loads(b"".join(_shallow(text)).decode(errors="replace"))


def readable(text: bytes) -> bytes:
    """Return a text that every parser can read: the same, or without what is nested too deep or is no text.

    Raises `ValueError` if it is no JSON.
    """
    if text.isascii() and text.count(b"{") + text.count(b"[") <= DEEPEST:
        return text
    try:
        pydantic_core.from_json(text)
    except ValueError:
        return json.dumps(parsed(text)).encode()
    return text


def _shallow(text: bytes) -> Iterator[bytes]:
    """Yield a text without what is nested too deep."""
    kept = depth = 0
    for token in TOKEN.finditer(text):
        match token[0]:
            case b"{" | b"[":
                depth += 1
                if depth == DEEPEST + 1:
                    yield text[kept : token.start()] + b"null"
                    kept = len(text)  # unless it is closed
            case b"}" | b"]":
                depth -= 1
                if depth == DEEPEST:
                    kept = token.end()
    yield text[kept:]
