"""One pass per key at a time, none for nothing, and nobody waits for a broken one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from formation_operator.queue import Queue


@contextlib.asynccontextmanager
async def working(run: Callable[[str], Awaitable[bool]], workers: int = 3) -> AsyncIterator[Queue[str]]:
    queue = Queue(run, retry_first=0.01, retry_most=0.05, jitter=lambda: 0.5)
    tasks = [asyncio.create_task(queue.work()) for _ in range(workers)]
    yield queue
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def noted() -> tuple[list[str], Callable[[str], Awaitable[bool]]]:
    """Return a pass with which all is well, and what notes its keys."""
    passes = []

    async def run(key: str) -> bool:
        passes.append(key)
        return True

    return passes, run


async def until(come_true: Callable[[], bool]) -> None:
    """Wait for what must come, however busy the machine is; what must not come gets a moment as well."""
    async with asyncio.timeout(30):
        while not come_true():  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.001)
    await asyncio.sleep(0.05)


async def test_a_burst_of_requests_costs_one_pass() -> None:
    passes, run = noted()
    async with working(run) as queue:
        for _ in range(10):
            queue.add("a")
        await until(lambda: passes != [])
    assert passes == ["a"]


async def test_a_request_during_a_pass_gives_one_more_and_never_two_at_once() -> None:
    running, most, passes = 0, 0, 0
    asked = asyncio.Event()

    async def run(key: str) -> bool:
        nonlocal running, most, passes
        running, passes = running + 1, passes + 1
        most = max(most, running)
        await asked.wait()
        await asyncio.sleep(0.01)
        running -= 1
        return True

    async with working(run) as queue:
        queue.add("a")
        await until(lambda: running == 1)
        queue.add("a")
        queue.add("a")
        asked.set()
        await until(lambda: (running, passes) == (0, 2))
    assert (most, passes) == (1, 2)


async def test_a_broken_key_is_tried_again_and_holds_up_no_other() -> None:
    passes = []

    async def run(key: str) -> bool:
        passes.append(key)
        if key == "broken":
            raise RuntimeError(key)
        return True

    async with working(run, workers=1) as queue:
        queue.add("broken")
        queue.add("sound")
        await until(lambda: passes.count("broken") > 1)
    assert passes[:2] == ["broken", "sound"]
    assert passes.count("broken") > 1
    assert passes.count("sound") == 1


async def test_an_urgent_request_overtakes_a_delayed_one() -> None:
    passes, run = noted()
    async with working(run) as queue:
        queue.add("a", delay=60)
        queue.add("a", delay=0.01)
        queue.add("a", delay=60)
        await until(lambda: passes != [])
        assert passes == ["a"]
        queue.add("a", delay=60)
        queue.add("a")
        await until(lambda: len(passes) > 1)
    assert passes == ["a", "a"]


async def test_a_request_beside_one_that_is_due_at_once_changes_nothing() -> None:
    passes, run = noted()
    async with working(run) as queue:
        queue.add("a", delay=0.0001)
        queue.add("a", delay=60)
        queue.add("a", delay=0.0001)
        await until(lambda: passes != [])
    assert passes == ["a"]


async def test_what_has_failed_comes_after_all_that_has_not() -> None:
    passes = []

    async def run(key: str) -> bool:
        passes.append(key)
        await asyncio.sleep(0.001)
        return not key.startswith("broken")

    broken = [f"broken-{number}" for number in range(20)]
    async with working(run, workers=1) as queue:
        for key in broken:
            queue.add(key)
        await until(lambda: {*passes} == {*broken})
        passes.clear()
        for key in [*broken, "sound"]:
            queue.add(key)
        await until(lambda: "sound" in passes)
    assert "sound" in passes[:2], "one may be under way"
