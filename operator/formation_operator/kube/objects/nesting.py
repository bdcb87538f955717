"""Parses JSON that others wrote, however deep it is nested, and whatever bytes are in its texts.

Every parser gives up at some level, pydantic's at two hundred. The API server accepts ten thousand in the
managed fields, which tenants may write, and bytes there that are no UTF-8. One such object would keep all
others from being read.
"""

import json
import re
import types
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import pydantic_core

T = TypeVar("T")
DEEPEST = 190
"""Levels that are read, or a few more; nothing that we look at has a tenth of them."""
LEVELS_IN_A_STEP = 4096
"""Brackets that one step reads: some milliseconds."""
STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
FLAT = rb'[^"\[\]{}]++|' + STRING
PAIR = rb"[\[{](?:" + FLAT + rb")*+[\]}]"
BRACKET = re.compile(rb"(?:" + FLAT + rb"|" + PAIR + rb")*+[\[\]{}]")
"""Finds the next bracket that opens or closes a level, but for pairs with no bracket between them.

It takes a time in proportion to the text: what is read once is never read again but within a pair.
"""


def parsed(text: bytes) -> Any:
    """Return what a text says, with null for what is nested too deep; raise `ValueError` if it is no JSON."""
    steps = read(text, pydantic_core.from_json)
    try:
        while True:
            steps.send(None)
    except StopIteration as end:
        return end.value


@types.coroutine
def turn() -> Generator[None, None, None]:
    """Let others have a turn, as ``asyncio.sleep(0)`` does; without an event loop, too."""
    yield


async def read(text: bytes, decode: Callable[[bytes], T]) -> T:
    """Return what a decoder makes of a text, with null for what is nested too deep for it.

    Only a text that the decoder can't read takes several steps, between which others have a turn. Raises
    `ValueError` if it is no JSON.
    """
    try:
        return decode(text)
    except (ValueError, RecursionError):  # it is too deep, no UTF-8, or no JSON
        await turn()
    plain = text.decode(errors="replace").encode()
    try:
        return decode(plain)
    except (ValueError, RecursionError):
        await turn()
    shallow = await cut(plain)
    try:
        return decode(shallow)
    except ValueError:  # it has half of a surrogate pair
        return json.loads(shallow)  # type: ignore[no-any-return]  # as any decoder has it


def is_deep(text: bytes) -> bool:
    """Tell whether a text may be nested too deep."""
    return text.count(b"{") + text.count(b"[") > DEEPEST


async def cut(text: bytes) -> bytes:
    """Return a text with null for what is nested too deep, in steps between which others have a turn."""
    parts: list[bytes] = []
    kept = depth = 0
    for number, match in enumerate(BRACKET.finditer(text), 1):
        end = match.end()
        if text[end - 1] in b"{[":
            depth += 1
            if depth == DEEPEST + 1:
                parts.append(text[kept : end - 1] + b"null")
                kept = len(text)  # unless it is closed
        else:
            depth -= 1
            if depth == DEEPEST:
                kept = end
        if number % LEVELS_IN_A_STEP == 0:
            await turn()
    return b"".join([*parts, text[kept:]])
