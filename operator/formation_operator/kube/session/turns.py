"""Reading what is large or odd in steps, between which others have a turn."""

import asyncio
from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")


async def in_turns(steps: Generator[None, None, T]) -> T:
    """Take all steps, with a turn for others between them, and return what they come to."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # typeshed doesn't know which
        await asyncio.sleep(0)
