"""While a tenant does its worst, another's change waits for a pass or two, and all is done as soon as before.

The cluster is a simulation, by a clock on which waiting takes no time.  It answers a few requests at
once, in the order in which they come.  Without lanes, a change waited from 15 seconds to five minutes here.
"""

import asyncio
import contextlib
import dataclasses
from collections.abc import Awaitable, Callable, Iterable

import pytest

from formation_operator.controller.queueing.queue import Queue
from formation_operator.kube.objects.kinds import Key
from formation_operator.requeue import Lane, Result
from formation_operator.settings import Settings
from tests.unit import virtual_time

CHANGE, BUILD, REPORT = Lane
WORKERS = Settings().workers
SHOP = ("other", "shop")
"""Of the other tenant."""


@dataclasses.dataclass
class Run:
    """What came of a simulation."""

    waited: float = 0.0
    """Seconds from the other tenant's change until it was carried out."""
    turns: int = 0
    """How many passes began before its own did."""
    whole: float = 0.0
    """Seconds until all was done."""


@dataclasses.dataclass
class Simulation:
    """A queue at work on a server that answers 400 requests in a second, 16 of them at once."""

    queue: Queue = dataclasses.field(init=False)
    places: asyncio.Semaphore = dataclasses.field(default_factory=lambda: asyncio.Semaphore(16))
    seen: set[Key] = dataclasses.field(default_factory=set)
    began: list[Key] = dataclasses.field(default_factory=list)

    async def ask(self, seconds: float = 0.04) -> None:
        async with self.places:
            await asyncio.sleep(seconds)


Pass = Callable[[Simulation, Key], Awaitable[None]]


def simulate(at_work: Pass, keys: Iterable[Key], lane: Lane, change_at: float) -> Run:
    """Ask for keys at once, and later for a change of the other tenant's, which takes two requests."""
    here, result = Simulation(), Run()
    asked_at = 0

    async def run(key: Key) -> Result:
        here.began.append(key)
        virtual_time.compute(0.0005)
        loop = asyncio.get_running_loop()
        if key == SHOP:
            result.turns = len(here.began) - asked_at - 1
            await here.ask()
            await here.ask()
            result.waited = loop.time() - change_at
        else:
            await at_work(here, key)
            result.whole = loop.time()
        return Result()

    def change() -> None:
        nonlocal asked_at
        asked_at = len(here.began)
        here.queue.add(SHOP, CHANGE)

    async def main() -> None:
        here.queue = Queue(run, Settings(workers=WORKERS, retry_first=1, retry_most=60), jitter=lambda: 0.5)
        for key in keys:
            here.queue.add(key, lane)
        asyncio.get_running_loop().call_at(change_at, change)
        await here.queue.work()

    with contextlib.suppress(virtual_time.NothingLeftError):
        virtual_time.run(main())
    return result


def of(namespace: str, count: int) -> list[Key]:
    return [(namespace, f"app-{number}") for number in range(count)]


async def write_and_report(here: Simulation, key: Key) -> None:
    """Write a child, and a second later the status."""
    await here.ask()
    if key not in here.seen:
        here.seen.add(key)
        here.queue.add(key, REPORT, 1.0)


@pytest.mark.parametrize(
    ("count", "lane", "change_at", "whole"),
    [(8000, BUILD, 21, 45), (6500, CHANGE, 2, 36)],
    ids=["while 8,000 that it has created are reported", "while it edits 6,500"],
)
def test_what_one_tenant_does_with_thousands_holds_up_no_change_of_another(
    count: int, lane: Lane, change_at: float, whole: float
) -> None:
    now = simulate(write_and_report, of("busy", count), lane, change_at)
    assert now.turns <= 2
    assert now.waited < 0.2
    assert now.whole < whole, "as soon as without lanes"


async def report_slowly(here: Simulation, _: Key) -> None:
    await asyncio.sleep(30)


def test_reports_that_take_long_hold_up_no_change_whoever_they_are_about() -> None:
    keys = [key for namespace in "abcdefgh" for key in of(namespace, 20)]
    now = simulate(report_slowly, keys, REPORT, 5)
    assert now.turns == 0
    assert now.waited == pytest.approx(0.08, abs=0.01)
