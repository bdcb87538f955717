"""A queue of keys: at most one pass per key at a time, and no pass for nothing.

Asking for a key that waits already changes nothing but its time, so a burst of events costs one
pass.  Asking while its pass is under way gives one more pass after it.  A key whose pass fails is
tried again after a pause that doubles each time, with jitter, and others never wait for it.
"""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
logger = logging.getLogger(__name__)


class Queue(Generic[K]):
    """Runs a pass for each key that was asked for, when its time has come."""

    def __init__(
        self,
        run: Callable[[K], Awaitable[bool]],
        *,
        retry_first: float,
        retry_most: float,
        jitter: Callable[[], float],
    ) -> None:
        """Take the pass, which returns whether all is well, and the pauses in seconds.

        ``jitter`` gives a random number from 0 to 1.
        """
        self._run = run
        self._retry = (retry_first, retry_most)
        self._jitter = jitter
        self._ready: asyncio.PriorityQueue[tuple[bool, int, K]] = asyncio.PriorityQueue()
        self._numbers = itertools.count()
        self._waiting: set[K] = set()
        self._running: set[K] = set()
        self._again: set[K] = set()
        self._timers: dict[K, tuple[float, asyncio.Handle]] = {}
        self._failures: dict[K, int] = {}

    def add(self, key: K, delay: float = 0.0) -> None:
        """Ask for a pass of a key, at the latest after a delay in seconds."""
        loop = asyncio.get_running_loop()
        due = loop.time() + delay
        if key in self._timers:
            earlier, timer = self._timers[key]
            if earlier <= due:
                return
            timer.cancel()
        if delay > 0:
            # With its time, which not every handle knows: uvloop rounds, and calls at once what is due soon.
            self._timers[key] = (due, loop.call_later(delay, self._offer, key))
        else:
            self._offer(key)

    def forget(self, key: K) -> None:
        """Drop what is remembered of a key that is gone."""
        self._failures.pop(key, None)

    async def work(self) -> None:
        """Run passes for ever; start as many of these as passes may run at once."""
        while True:
            *_, key = await self._ready.get()
            self._waiting.discard(key)
            self._running.add(key)
            try:
                self._settle(key, well=await self._run(key))
            except Exception:
                logger.exception("The pass of %s failed", key)
                self._settle(key, well=False)
            finally:
                self._running.discard(key)
            if key in self._again:
                self._again.discard(key)
                self._offer(key)

    def _offer(self, key: K) -> None:
        self._timers.pop(key, None)
        if key in self._running:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting.add(key)
            # What has failed comes after all that hasn't: many slow failures would hold up everybody.
            self._ready.put_nowait((key in self._failures, next(self._numbers), key))

    def _settle(self, key: K, *, well: bool) -> None:
        if well:
            self._failures.pop(key, None)
            return
        first, most = self._retry
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        pause = min(most, first * 2 ** min(failures - 1, 30))
        self.add(key, pause * (0.75 + 0.5 * self._jitter()))
