"""How much more a step costs for more: in lines of Python, or in CPU time.

The lines are the same on every machine, whatever else it does. A call into C is one line, whatever it does:
only the time shows that. But others on the machine change the time, so what measures it is marked `timed`.
"""

import gc
import math
import sys
import time
import types
from collections.abc import Callable
from typing import Any, Self, TypeVar

import pytest

T = TypeVar("T")
Measure = Callable[[Callable[[T], object], T], float]
TIMES = 4
"""How much larger the larger one is. What is quadratic takes 16 times as long."""
MOST = 9.0
"""The ratio up to which a step counts as linear: caches and sorting cost a little."""


TRIES = 3
ENOUGH = 0.03
"""Seconds of all tries together below which there are more: a short step differs much from try to try."""
ROUNDS, PAUSE = 8, 0.25
"""How often both are measured at the most, and the seconds between: who slows us down does so for a while."""


class Lines:
    """Counts the lines of Python that are run within it."""

    def __init__(self) -> None:
        self.number = 0

    def __enter__(self) -> Self:
        sys.settrace(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _count(self, frame: types.FrameType, event: str, given: Any) -> Any:
        self.number += 1
        return self._count


def lines(step: Callable[[T], object], given: T) -> float:
    """Return how many lines of Python a step runs, once all that is kept for the next time is there."""
    step(given)
    with Lines() as run:
        step(given)
    return run.number


def seconds(step: Callable[[T], object], given: T) -> float:
    """Return the CPU time of a step, the least of some tries."""
    tries: list[float] = []
    while len(tries) < TRIES or sum(tries) < ENOUGH:
        if len(tries) < TRIES:
            gc.collect()
        began = time.thread_time()
        step(given)
        tries.append(time.thread_time() - began)
    return min(tries)


MEASURED = pytest.mark.parametrize(
    "measure", [lines, pytest.param(seconds, marks=pytest.mark.timed)], ids=lambda measure: measure.__name__
)


def ratio(step: Callable[[T], object], small: T, large: T, measure: Measure[T], most: float = MOST) -> float:
    """Return how much more a step costs for the larger one, which is `TIMES` as large.

    Who shares the machine's caches slows a step down for a while, and never speeds it up. So the least times
    count, and where they are too far apart there are more rounds: one quiet moment is enough.
    """
    least_small = least_large = math.inf
    for _ in range(ROUNDS):
        least_small = min(least_small, measure(step, small))
        least_large = min(least_large, measure(step, large))
        if least_large < most * least_small:
            break
        time.sleep(PAUSE)
    return least_large / least_small
