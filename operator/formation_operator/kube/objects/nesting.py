"""JSON that others wrote, however deep it is nested, and whatever its texts are made of.

Every parser gives up at some level, pydantic's at two hundred.  The API server takes ten thousand in the
managed fields, which anybody may write, and bytes there that are no text: one object of one tenant would keep
everybody's from being read.
"""

import json
import re
from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeVar

import pydantic_core

T = TypeVar("T")
DEEPEST = 190
"""Levels that are read, or a few more; nothing that we look at has a tenth of them."""
AT_ONCE = 4096
"""Levels that are opened or closed in one step: some milliseconds."""
STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
FLAT = rb'[^"\[\]{}]++|' + STRING
PAIR = rb"[\[{](?:" + FLAT + rb")*+[\]}]"
BRACKET = re.compile(rb"(?:" + FLAT + rb"|" + PAIR + rb")*+[\[\]{}]")
"""Finds the next bracket that opens or closes a level, but for pairs with no bracket between them.

It takes a time in proportion to the text: what is read once is never read again but within a pair.
"""


def parsed(text: bytes) -> Any:
    """Return what a text says, with null for what is nested too deep; raise `ValueError` if it is no JSON."""
    return at_once(read(text, pydantic_core.from_json))


def read(text: bytes, decode: Callable[[bytes], T]) -> Generator[None, None, T]:
    """Return what a decoder makes of a text, in steps, with null for what is nested too deep for it.

    Only a text that the decoder can't read takes more than one step.  Raises `ValueError` if it is no JSON.
    """
    try:
        return decode(text)
    except (ValueError, RecursionError):  # it is too deep, no UTF-8, or no JSON
        yield
    plain = text.decode(errors="replace").encode()
    try:
        return decode(plain)
    except (ValueError, RecursionError):
        yield
    shallow = yield from cut(plain)
    try:
        return decode(shallow)
    except ValueError:  # it has half of a letter
        return json.loads(shallow)  # type: ignore[no-any-return]  # as any decoder has it


def at_once(steps: Generator[None, None, T]) -> T:
    """Take all steps, and return what they come to."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # typeshed doesn't know which


def is_deep(text: bytes) -> bool:
    """Tell whether a text may be nested too deep."""
    return text.count(b"{") + text.count(b"[") > DEEPEST


def cut(text: bytes) -> Generator[None, None, bytes]:
    """Return a text with null for what is nested too deep, in steps."""
    parts = []
    for number, part in enumerate(_shallow(text)):
        parts.append(part)
        if number % AT_ONCE == AT_ONCE - 1:
            yield
    return b"".join(parts)


def _shallow(text: bytes) -> Iterator[bytes]:
    """Yield a text without what is nested too deep, something for each bracket."""
    kept = depth = 0
    for match in BRACKET.finditer(text):
        end = match.end()
        if text[end - 1] in b"{[":
            depth += 1
            if depth == DEEPEST + 1:
                yield text[kept : end - 1] + b"null"
                kept = len(text)  # unless it is closed
                continue
        else:
            depth -= 1
            if depth == DEEPEST:
                kept = end
        yield b""
    yield text[kept:]
