"""One pass per key at a time, none for nothing, and nobody waits for a broken one."""

import asyncio
import contextlib
import dataclasses
import itertools

import pytest

from formation_operator.controller.queueing import pace
from formation_operator.controller.queueing.queue import Queue
from formation_operator.kube.objects.kinds import Key
from formation_operator.requeue import Lane, Requeue, Result, Retry, soonest
from formation_operator.settings import Settings
from tests.unit import virtual_time

CHANGE, BUILD, REPORT = Lane
SHOP, BLOG = ("default", "shop"), ("default", "blog")


@dataclasses.dataclass
class Passes:
    """Notes when each pass began; one takes a tenth of a second, and those of ``broken`` go wrong."""

    broken: set[Key] = dataclasses.field(default_factory=set)
    began: list[tuple[float, Key]] = dataclasses.field(default_factory=list)

    async def run(self, key: Key) -> Result:
        self.began.append((asyncio.get_running_loop().time(), key))
        await asyncio.sleep(0.1)
        return Result(retry=Retry.LASTING if key in self.broken else Retry.NONE)

    def times(self, key: Key) -> list[float]:
        return [moment for moment, each in self.began if each == key]


Asked = tuple[float, Key, Lane, float]
"""When a queue was asked, for what key in what lane, and with what delay."""


def ran(passes: Passes, *requests: Asked, workers: int = 1) -> Queue:
    """Run a queue for an hour of which it was asked for some keys."""

    async def main() -> Queue:
        queue = Queue(
            passes.run, Settings(workers=workers, retry_first=1, retry_most=300), jitter=lambda: 0.0
        )
        for moment, key, lane, delay in requests:
            asyncio.get_running_loop().call_at(moment, queue.add, key, lane, delay)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3600):
                await queue.work()
        return queue

    return virtual_time.run(main())


def test_a_pass_that_was_asked_for_during_another_follows_it_and_makes_a_later_one_needless() -> None:
    passes = Passes()
    ran(
        passes,
        *((1, SHOP, BUILD, 0), (1.01, SHOP, REPORT, 5), (1.02, SHOP, CHANGE, 0), (1.03, SHOP, REPORT, 5)),
        workers=3,
    )
    assert passes.times(SHOP) == [1, 1.1]


def test_a_pass_that_an_error_ends_is_tried_again_and_holds_up_no_other() -> None:
    class Broken(Passes):
        async def run(self, key: Key) -> Result:
            await super().run(key)
            raise RuntimeError(key)

    passes = Broken()
    ran(passes, (0, SHOP, BUILD, 0), (0, BLOG, BUILD, 0))
    assert passes.times(SHOP)[:2] == pytest.approx([0, 1.1])
    assert passes.times(BLOG)[:2] == pytest.approx([0.1, 1.2])


def test_what_has_failed_before_is_acted_on_at_once_when_it_changes_and_tried_as_before() -> None:
    alone, changed = Passes(broken={SHOP}), Passes(broken={SHOP})
    ran(alone, (0, SHOP, BUILD, 0))
    others = [(1000, ("default", f"other-{number}"), REPORT, 0) for number in range(500)]
    ran(changed, (0, SHOP, BUILD, 0), *others, (1000.05, SHOP, CHANGE, 0))
    (acted_on,) = (moment for moment in changed.times(SHOP) if 1000 < moment <= 1000.1 + 1e-6)
    assert [moment for moment in changed.times(SHOP) if moment != acted_on] == pytest.approx(
        alone.times(SHOP)
    )


def test_who_is_asked_for_all_the_time_comes_less_often_and_once_more_at_last() -> None:
    passes, seconds = Passes(), 20
    requests = [(moment / 50, SHOP, CHANGE, 0.0) for moment in range(50 * seconds)]
    ran(passes, *requests, (19, BLOG, CHANGE, 0))
    assert len(passes.times(SHOP)) <= pace.BURST + seconds / pace.APART + 1 < 10 * seconds
    assert passes.times(SHOP)[-1] >= requests[-1][0]
    assert passes.times(BLOG)[0] <= 19.1


def test_what_may_pass_is_tried_again_within_a_minute_however_long_it_or_another_failure_lasted() -> None:
    lasting, passing = Result(retry=Retry.LASTING), Result(retry=Retry.PASSING)
    passes = Wishing(results=[lasting] * 8 + [passing] * 9 + [lasting] * 3)
    ran(passes, (0, SHOP, BUILD, 0))
    times = passes.times(SHOP)
    pauses = [round(after - before) for before, after in itertools.pairwise(times)]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 60, 60, 60, 1, 2, 4]


def test_nothing_is_kept_of_who_was_forgotten_in_the_middle_of_a_pass_that_went_well() -> None:
    async def main() -> None:
        async def run(key: Key) -> Result:
            queue.add(key, CHANGE)
            queue.forget(key)
            await asyncio.sleep(1)
            return Result()

        queue = Queue(run, Settings(workers=2, retry_first=1, retry_most=10), jitter=lambda: 0.0)
        queue.add(SHOP, REPORT, 5)
        queue.add(BLOG, REPORT, 5)
        queue.forget(BLOG)
        queues.append(queue)
        await queue.work()

    queues: list[Queue] = []
    with pytest.raises(virtual_time.NothingLeftError):
        virtual_time.run(main())
    assert SHOP not in queues[0]._lanes  # noqa: SLF001
    assert (queues[0]._alarms, queues[0]._failures) == ({}, {})  # noqa: SLF001


# What a pass wants next


@dataclasses.dataclass
class Wishing(Passes):
    """Passes that want others, each what comes next in a list, and then nothing more."""

    results: list[Result] = dataclasses.field(default_factory=list)

    async def run(self, key: Key) -> Result:
        await super().run(key)
        return self.results.pop(0) if self.results else Result()


def test_a_pass_that_wants_another_gets_it_after_the_time_that_it_names() -> None:
    passes = Wishing(results=[Result(Requeue(REPORT, 60)), Result(Requeue(CHANGE))])
    ran(passes, (0, SHOP, BUILD, 0))
    assert passes.times(SHOP) == pytest.approx([0, 60.1, 60.2])


@pytest.mark.parametrize("urgent_first", [True, False])
def test_of_several_wishes_the_soonest_and_the_best_lane_count(urgent_first: bool) -> None:
    wishes = [Requeue(CHANGE, 9), Requeue(REPORT, 1)]
    assert soonest(None, *(wishes if urgent_first else wishes[::-1]), None) == Requeue(CHANGE, 1)
    assert soonest(None) is None
