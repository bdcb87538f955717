"""A queue of keys: at most one pass per key at a time, and no pass for nothing.

Adding a key that waits already changes nothing but its lane and its time, so a burst of events
costs one pass.  Adding it while its pass is under way gives one more pass after it.  A key whose pass
fails is tried again after a back-off with jitter.  A failure of another kind starts with a short pause again,
so that a passing failure doesn't wait as long as a lasting one.  `lanes` decides which key is next; a key
that has failed is as urgent as any other.  `pace` limits how often a key comes.
"""

import asyncio
import dataclasses
import logging
import random
import time
from collections.abc import Awaitable, Callable

from formation_operator.backoff import Attempt, attempt
from formation_operator.controller.queueing.lanes import Lanes
from formation_operator.controller.queueing.pace import Pace
from formation_operator.kube.objects.kinds import Key
from formation_operator.requeue import Lane, Result, Retry
from formation_operator.settings import Settings
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)
PASSING_MOST = 60.0
"""The longest back-off in seconds for a failure that may pass by itself: when an API server comes back after
a long time, Formations shouldn't wait as long again."""


@dataclasses.dataclass(frozen=True)
class Alarm:
    """A key that is added to its lane later."""

    due: float
    """By the loop's clock; a handle of uvloop doesn't know it exactly."""
    lane: Lane
    handle: asyncio.Handle


class Queue:
    """Runs a pass for each key that was added, when it is due and has its turn."""

    def __init__(
        self,
        run: Callable[[Key], Awaitable[Result]],
        settings: Settings,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Take the pass, how many run at once and pause for how long, and a random number from 0 to 1."""
        self._run = run
        first, most = settings.retry_first, settings.retry_most
        self._delays = {Retry.PASSING: (first, min(most, PASSING_MOST)), Retry.LASTING: (first, most)}
        self._jitter = jitter
        self._lanes = Lanes(settings.workers)
        self._added = asyncio.Event()
        self._alarms: dict[Key, Alarm] = {}
        self._failures: dict[Key, Attempt[None]] = {}
        """How the last passes of a key failed; failures before the next try don't lengthen its pause."""
        self._due: dict[Key, float] = {}
        """When each key was added to its lane, by the machine's monotonic clock."""
        self._pace = Pace()

    def add(self, key: Key, lane: Lane, delay: float = 0.0) -> None:
        """Add a key to a lane or a more urgent one, after a delay in seconds or earlier."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        delay = max(delay, self._pace.wait(key, now))
        if delay <= 0 or key in self._lanes:
            self._silence(key)
            self._offer(key, lane)
            return
        due = now + delay
        if (alarm := self._alarms.get(key)) is not None:
            due = min(due, alarm.due)
            lane = min(lane, alarm.lane)
            if (due, lane) == (alarm.due, alarm.lane):
                return
            alarm.handle.cancel()
        self._alarms[key] = Alarm(due, lane, loop.call_at(due, self._ring, key))

    def forget(self, key: Key) -> None:
        """Forget a key that is gone, except its pace: creating it again costs as much as a change."""
        self._failures.pop(key, None)
        self._silence(key)
        self._due.pop(key, None)
        self._lanes.discard(key)

    def depth(self, lane: Lane) -> int:
        """Return how many keys wait in a lane; any thread may call this."""
        return self._lanes.depth(lane)

    def oldest(self) -> float:
        """Return for how many seconds the oldest key has waited; any thread may call this."""
        now = time.monotonic()
        return now - min([*self._due.values()], default=now)

    async def work(self) -> None:
        """Run passes for ever."""
        self._due = dict.fromkeys(self._due, time.monotonic())  # there was no worker until now
        async with asyncio.TaskGroup() as passes:
            while True:
                while (key := self._lanes.take()) is not None:
                    passes.create_task(self._pass(key), name=f"pass of {'/'.join(key)}")
                self._added.clear()
                await self._added.wait()

    async def _pass(self, key: Key) -> None:
        # It sees all that the key was added for until this turn of the loop.
        self._lanes.discard(key)
        self._due.pop(key, None)
        self._pace.took(key, asyncio.get_running_loop().time())
        try:
            result = await self._run(key)
        except Exception:
            logger.exception("%s/%s: the pass failed", *key, extra=records.fields(key))
            result = Result(retry=Retry.LASTING)
        finally:
            self._lanes.done(key)
            self._added.set()
        self._ended(key, result)

    def _offer(self, key: Key, lane: Lane) -> None:
        self._lanes.add(key, lane)
        self._due.setdefault(key, time.monotonic())
        self._added.set()

    def _ring(self, key: Key) -> None:
        self._offer(key, self._alarms.pop(key).lane)

    def _silence(self, key: Key) -> None:
        alarm = self._alarms.pop(key, None)
        if alarm is not None:
            alarm.handle.cancel()

    def _ended(self, key: Key, result: Result) -> None:
        if result.requeue is not None:
            self.add(key, *result.requeue)
        if result.retry is Retry.NONE:
            self._failures.pop(key, None)
            return
        now = asyncio.get_running_loop().time()
        failure = self._failures.get(key)
        if failure is None or not failure.remaining(result.retry, now):
            delays = self._delays[result.retry]
            failure = attempt(failure, result.retry, None, now, delays, self._jitter)
        self._failures[key] = failure
        self.add(key, Lane.REPORT, failure.remaining(result.retry, now))
