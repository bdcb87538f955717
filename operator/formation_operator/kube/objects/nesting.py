"""Parse JSON that others wrote, however deep it is nested, and whatever bytes are in its texts.

Every parser has a limit of levels, pydantic's is two hundred. In managed fields, which tenants may write, the
API server accepts ten thousand levels, and bytes that are no UTF-8. One such object must not keep the others
from being read.
"""

import json
import re
import types
from collections.abc import Callable, Generator
from typing import Any

DEEPEST = 190
"""Levels that are read; nothing that we look at has a tenth of them."""
LEVELS_IN_A_STEP = 4096
"""Brackets that one step reads: some milliseconds."""
STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
FLAT = rb'[^"\[\]{}]++|' + STRING
PAIR = rb"[\[{](?:" + FLAT + rb")*+[\]}]"
BRACKET = re.compile(rb"(?:" + FLAT + rb"|" + PAIR + rb")*+[\[\]{}]")
"""Matches up to the next bracket that opens or closes a level, and skips pairs without brackets inside.

Its time is in proportion to the text: only a pair is read twice.
"""


def parsed(text: bytes, decode: Callable[[bytes], Any]) -> Any:
    """Return the value of JSON, with null for what is nested too deep; raise `ValueError` if it is none."""
    steps = read(text, decode)
    try:
        while True:
            steps.send(None)
    except StopIteration as end:
        return end.value


@types.coroutine
def turn() -> Generator[None, None, None]:
    """Yield to other tasks, as ``asyncio.sleep(0)`` does; it works without an event loop, too."""
    yield


async def read(text: bytes, decode: Callable[[bytes], Any]) -> Any:
    """Return what a decoder makes of a text, or all of it, with null for what is nested too deep.

    It yields to other tasks if the decoder can't read the text as it is. Raises `ValueError` if it is no
    JSON.
    """
    try:
        return decode(text)
    except (ValueError, RecursionError):
        await turn()
    return json.loads(await cut(text.decode(errors="replace").encode()))


async def cut(text: bytes) -> bytes:
    """Return a text with null for what is nested too deep, and yield to other tasks meanwhile."""
    if text.count(b"{") + text.count(b"[") <= DEEPEST:
        return text
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
