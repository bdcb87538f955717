"""The independent watch: what of Deployments and Formations has changed, and when that was seen."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable

from hack.bench import api
from hack.bench.api import Api, Object

PATIENCE = 300.0
"""Seconds without anything new after which what is waited for won't come."""

NOT_YET = 429
"""The API server's answer while it begins to serve a kind whose definition it has just read."""


class Eye:
    """What the API server has shown so far. Times are `time.perf_counter`'s."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.made: dict[str, float] = {}
        """When each Deployment was first seen, by namespace and name."""
        self.reported: dict[str, float] = {}
        """When each Formation was first seen with a status about its spec."""
        self.replicas: dict[str, int] = {}
        self._waiting: dict[tuple[str, int | str], asyncio.Future[float]] = {}
        self._changed = asyncio.Event()

    async def until_made(self, count: int) -> float:
        """Wait for so many Deployments, and return when the last of them was seen."""
        await self._until(lambda: len(self.made) >= count)
        return max(self.made.values())

    async def until_reported(self, count: int) -> float:
        """Wait for the report of so many Formations, and return when the last of them was seen."""
        await self._until(lambda: len(self.reported) >= count)
        return max(self.reported.values())

    def shown(self, deployment: str, what: int | str) -> asyncio.Future[float]:
        """Return the time, once it has come, at which a Deployment is seen to have a count, or an image."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[deployment, what] = future
        return future

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._changed.clear()
            async with asyncio.timeout(PATIENCE):
                await self._changed.wait()

    def see_deployment(self, item: Object, now: float) -> None:
        """Take in a version of a Deployment."""
        key, count = key_of(item), item["spec"]["replicas"]
        self.made.setdefault(key, now)
        self.replicas[key] = count
        for what in (count, item["spec"]["template"]["spec"]["containers"][0]["image"]):
            if future := self._waiting.pop((key, what), None):
                future.set_result(now)
        self._changed.set()

    def see_formation(self, item: Object, now: float) -> None:
        """Take in a version of a Formation."""
        if item.get("status", {}).get("observedGeneration") == item["metadata"]["generation"]:
            self.reported.setdefault(key_of(item), now)
        self._changed.set()

    async def watch(self, client: Api, root: str, plural: str) -> None:
        """Go on watching a kind until cancelled."""
        take = self.see_deployment if plural == "deployments" else self.see_formation
        path = f"{root}/{plural}"
        version = (await client.get(f"{path}?limit=1"))["metadata"]["resourceVersion"]
        while True:
            query = f"watch=1&allowWatchBookmarks=1&resourceVersion={version}&timeoutSeconds=3600"
            try:
                async for line in client.lines(f"{path}?{query}"):
                    now = time.perf_counter()
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise RuntimeError(f"the watch has ended: {event['object']}")
                    version = event["object"]["metadata"]["resourceVersion"]
                    if event["type"] in ("ADDED", "MODIFIED"):
                        take(event["object"], now)
            except api.RefusedError as error:
                if error.status != NOT_YET:
                    raise
                await asyncio.sleep(1)


def key_of(item: Object) -> str:
    """Return the namespace and name of an object."""
    return f"{item['metadata']['namespace']}/{item['metadata']['name']}"


@contextlib.asynccontextmanager
async def opened(client: Api) -> AsyncIterator[Eye]:
    """Watch while within; what ends a watch ends what is within, too."""
    eye = Eye()
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(eye.watch(client, api.DEPLOYMENTS, "deployments")),
            group.create_task(eye.watch(client, api.FORMATIONS, "formations")),
        ]
        yield eye
        for task in tasks:
            task.cancel()
