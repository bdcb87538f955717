"""Replicas of the operator that share a cluster, each with a connection and a clock of its own."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any, cast

from formation_operator.controller.election import ATTEMPT
from formation_operator.controller.leader import Leader
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Cluster, Object
from tests.unit import virtual_time
from tests.unit.fakes.cluster import FakeCluster

PLACE = ("formation-system", "formation-operator")
AT = dict(zip(("namespace", "name"), PLACE, strict=True))
NEVER = 1e9
RELEASED, LONG_AGO = "2026-11-26T07:00:00.000000Z", "2025-11-26T07:00:00.000000Z"
"""When a Lease was released: after it was made, as all are here, or before that."""
TICKS = 2**20
"""By which part of a second clocks go on: a sum of such times is exact, and what is left of one is never so
little that a loop which leaps overlooks it.
"""
Scene = Callable[[FakeCluster], Awaitable[None]]


@dataclasses.dataclass
class Link:
    """A connection to a cluster, and what is wrong with it."""

    cluster: FakeCluster
    asks: float = 0.0
    """Seconds until a request arrives."""
    answers: float = 0.0
    """Seconds until its answer does, after that."""
    error: Exception | None = None
    """What every request comes to."""

    def __getattr__(self, verb: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self.cluster, verb)
        return lambda *given, **named: self._through(lambda: call(*given, **named))

    async def _through(self, call: Callable[[], Awaitable[Any]]) -> Any:
        if self.error is not None:
            raise self.error
        try:
            async with asyncio.timeout(ATTEMPT):
                # What is on its way arrives, though nobody may wait for it any more.
                answer = await asyncio.shield(asyncio.ensure_future(_arriving(self.asks, call)))
                await asyncio.sleep(self.answers)
        except TimeoutError as error:
            raise errors.UnavailableError("no answer") from error
        if isinstance(answer, Exception):
            raise answer
        return answer


async def _arriving(seconds: float, call: Callable[[], Awaitable[Any]]) -> Any:
    await asyncio.sleep(seconds)
    try:
        return await call()
    except Exception as error:  # noqa: BLE001  # raised by who asked, if anybody still waits
        return error


class Replica:
    """One that writes as long as it leads, and tells when."""

    def __init__(self, cluster: FakeCluster, name: str, *, rate: float = 1.0, ahead: float = 0.0) -> None:
        """Take by how much its clock is ahead, in seconds, and how fast that is."""
        loop = asyncio.get_running_loop()
        self.name = name
        self.link = Link(cluster)
        self.leader = Leader(
            cast("Cluster", self.link),
            PLACE,
            name,
            clock=lambda: int((ahead + rate * loop.time()) * TICKS) / TICKS,
        )
        self.works = False
        self.begun = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> "Replica":
        """Start it."""
        self._task = asyncio.create_task(self.leader.run(self._work))
        return self

    async def stop(self) -> None:
        """End it as SIGTERM does."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])

    def crash(self) -> None:
        """End it as SIGKILL does."""
        self.link.asks = NEVER
        assert self._task is not None
        self._task.cancel()

    @property
    def writes(self) -> bool:
        """Whether a write that it begins at this moment would be sent."""
        return self.works and self.leader.leads()

    async def _work(self) -> None:
        self.works = True
        self.begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.works = False


def play(scene: Scene) -> None:
    """Play a scene on a cluster whose Lease nobody holds."""
    cluster = FakeCluster()
    release(cluster)
    virtual_time.run(acted(scene, cluster))


async def acted(scene: Scene, cluster: FakeCluster) -> None:
    """Play a scene, and end whatever still runs."""
    try:
        await scene(cluster)
    finally:
        # Who ends may send something still, such as the release of a Lease.
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await asyncio.wait(others)


def release(cluster: FakeCluster) -> None:
    put(cluster, {"holderIdentity": "", "renewTime": RELEASED})


def put(cluster: FakeCluster, spec: Object) -> None:
    """Have somebody make the Lease anew."""
    cluster.put(kinds.LEASE, {"metadata": AT, "spec": spec})


def lease(cluster: FakeCluster) -> Object:
    return cluster.read(kinds.LEASE, *PLACE)


async def until(come_true: Callable[[], object], within: float) -> float:
    """Return the seconds until something is true, which may take no longer than given."""
    began = now()
    while not come_true():
        assert now() - began < within, "it takes too long"
        await asyncio.sleep(0.01)
    return now() - began


def now() -> float:
    return asyncio.get_running_loop().time()
