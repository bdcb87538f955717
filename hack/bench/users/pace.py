"""How fast users do what they do: as fast as that goes, or at a rate."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

AT_ONCE = 16
"""Requests of users under way at once."""

Jobs = Iterable[Coroutine[Any, Any, object]]


async def all_of(jobs: Jobs) -> None:
    """Do all jobs, as fast as that goes."""
    todo = iter(jobs)

    async def some() -> None:
        for job in todo:
            await job

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(some())


async def evenly(jobs: Jobs, rate: float) -> None:
    """Begin so many jobs a second; where the server doesn't keep up, fewer, and none is made up for."""
    loop, free = asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)

    async def one(job: Coroutine[Any, Any, object]) -> None:
        try:
            await job
        finally:
            free.release()

    begin = loop.time()
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            await free.acquire()
            begin = max(begin + 1 / rate, loop.time())
            await asyncio.sleep(begin - loop.time())
            group.create_task(one(job))
