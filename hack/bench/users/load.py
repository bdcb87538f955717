"""What users do: create Formations as fast as that goes, or change them at a rate.

As a process of its own it is what goes on in the background while others are timed.
"""

import argparse
import itertools
import pathlib
from collections.abc import Coroutine, Iterable, Iterator
from typing import Any

import uvloop

from hack.bench import api
from hack.bench.api import Api, Object
from hack.bench.users import pace, work
from hack.bench.users.hands import Hands


async def create(user: Api, hands: Hands, numbers: Iterable[int], namespaces: int) -> None:
    """Create Formations, several at once."""

    async def one(number: int) -> None:
        await hands.follow(await user.create(work.formation(number, namespaces)))

    await pace.all_of(one(number) for number in numbers)


async def scale(user: Api, number: int, namespaces: int, count: int) -> Object:
    """Change the count of one type of a Formation."""
    path = api.path_of(work.formation(number, namespaces))
    return await user.merge(path, {"spec": {"processes": {work.SCALED: {"replicas": count}}}})


async def deploy(user: Api, number: int, namespaces: int, image: str) -> Object:
    """Give a Formation another image; it tries no canary, which never stands where no process runs."""
    spec = {"image": image, "canary": {"seconds": 0}}
    return await user.merge(api.path_of(work.formation(number, namespaces)), {"spec": spec})


def changes(
    user: Api, hands: Hands, numbers: range, namespaces: int, turns: Iterable[int]
) -> Iterator[Coroutine[Any, Any, None]]:
    """Yield what scales one Formation after the other, over and over."""

    async def one(number: int, count: int) -> None:
        await hands.follow(await scale(user, number, namespaces, count), [work.SCALED])

    for turn in turns:
        yield one(numbers[turn % len(numbers)], 2 + turn // len(numbers) % 5)


def command(*arguments: object) -> list[str]:
    """Return the words of this module's command line."""
    return ["-m", "hack.bench.users.load", *map(str, arguments)]


async def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["create", "change"])
    parser.add_argument("first", type=int)
    parser.add_argument("end", type=int)
    parser.add_argument("--namespaces", type=int, required=True)
    parser.add_argument("--rate", type=float, help="changes a second")
    parser.add_argument("--user", type=pathlib.Path, required=True, help="kubeconfig")
    parser.add_argument("--hands", type=pathlib.Path, help="kubeconfig, where nobody else does the job")
    chosen = parser.parse_args()
    numbers = range(chosen.first, chosen.end)
    async with api.connect(chosen.user) as user, api.connect(chosen.hands or chosen.user) as other:
        hands = Hands(other if chosen.hands else None)
        if chosen.what == "create":
            await create(user, hands, numbers, chosen.namespaces)
        else:
            jobs = changes(user, hands, numbers, chosen.namespaces, itertools.count())
            await pace.evenly(jobs, chosen.rate)


if __name__ == "__main__":
    uvloop.run(main())
