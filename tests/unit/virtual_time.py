"""A loop on which an hour of waiting takes no time, and all comes in the same order each time."""

import asyncio
import datetime
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from tests.shared.builders import MIDNIGHT

T = TypeVar("T")


class NothingLeftError(Exception):
    """Everything waits for something, and nothing will ever happen."""


class Leaping(selectors.SelectSelector):
    """Doesn't wait: the time that the loop would have waited for has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise NothingLeftError
        self.now += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time passes only by waiting, or by `work`."""

    def __init__(self) -> None:
        self.leaping = Leaping()
        super().__init__(self.leaping)

    def time(self) -> float:
        return self.leaping.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run something to its end, from midnight on."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def now() -> datetime.datetime:
    """Return what the clock on the wall says."""
    return MIDNIGHT + datetime.timedelta(seconds=asyncio.get_running_loop().time())


def compute(seconds: float) -> None:
    """Have the loop be held for some time, as by a pass's own work."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.leaping.now += seconds
