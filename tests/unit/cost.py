"""How much longer a step takes for more: as a ratio of CPU time, which other processes hardly move."""

import gc
import math
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
TIMES = 4
"""How much larger the larger one is. What is quadratic takes 16 times as long."""
MOST = 9.0
"""The ratio up to which a step counts as linear: caches and sorting cost a little."""


TRIES = 3
ENOUGH = 0.03
"""Seconds of all tries together below which there are more: a short step differs much from try to try."""
ROUNDS, PAUSE = 8, 0.25
"""How often both are measured at the most, and the seconds between: who slows us down does so for a while."""


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


def ratio(step: Callable[[T], object], small: T, large: T, most: float = MOST) -> float:
    """Return how much longer a step takes for the larger one, which is `TIMES` as large.

    Who shares the machine's caches slows a step down for a while, and never speeds it up. So the least times
    count, and where they are too far apart there are more rounds: one quiet moment is enough.
    """
    least_small = least_large = math.inf
    for _ in range(ROUNDS):
        least_small = min(least_small, seconds(step, small))
        least_large = min(least_large, seconds(step, large))
        if least_large < most * least_small:
            break
        time.sleep(PAUSE)
    return least_large / least_small
