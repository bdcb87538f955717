"""A cluster that answers late or not at all, and a replica of the operator that watches it."""

import asyncio
import collections
import copy
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from formation_operator.api import naming
from formation_operator.controller.intake import Controller
from formation_operator.controller.leader import Work
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.port import Object
from formation_operator.observe import formations
from formation_operator.settings import Settings
from tests.unit import virtual_time
from tests.unit.fakes.cluster import Call, FakeCluster
from tests.unit.fakes.replica import View

T = TypeVar("T")
FOLLOWED = (naming.KIND, *ChildKind)
"""The kinds that anything happens to."""
UNLISTED = Settings(resync=1e9)
"""What the operator misses stays missed, unless a watch has to begin anew."""
COLLECTS, RESUMES = 0.2, 0.5
"""Seconds until the garbage collector comes, and until kopf lists again after its watch has ended."""


class UnreliableCluster(FakeCluster):
    """One that remembers all that happened, for watches that may be late, and collects garbage."""

    def __init__(self, pauses: Sequence[float]) -> None:
        super().__init__()
        self.told: dict[str, list[tuple[float, Object, bool]]] = collections.defaultdict(list)
        """What happened to the objects of a kind, and when."""
        self.news = asyncio.Event()
        """Is set, and another one takes its place, whenever something happens."""
        self.restarted: list[str] = []
        """The Deployments that got another Pod template with the same image."""
        self._pauses = pauses
        self._templates: dict[tuple[str, str], str] = {}
        self.watchers.append(self._happened)

    async def _carry_out(self, call: Call, answer: Callable[[], T]) -> T:
        pause = self._pauses[len(self.calls) % len(self._pauses)]
        await asyncio.sleep(pause / 2)
        try:
            return await super()._carry_out(call, answer)
        finally:
            await asyncio.sleep(pause / 2)

    def _happened(self, kind: str, raw: Object, deleted: bool) -> None:
        loop = asyncio.get_running_loop()
        self.told[kind].append((loop.time(), raw, deleted))
        self.news.set()
        self.news = asyncio.Event()
        loop.call_later(COLLECTS, self._collect)
        if kind == ChildKind.DEPLOYMENT:
            template = raw["spec"]["template"]
            about = raw["metadata"]["uid"], template["spec"]["containers"][0]["image"]
            text = json.dumps(template, sort_keys=True)
            if self._templates.setdefault(about, text) != text:
                self.restarted.append(raw["metadata"]["name"])

    def _collect(self) -> None:
        """Delete what has lost its owner."""
        living = {raw["metadata"]["uid"] for raw in self.all(naming.KIND)}
        for kind in (*ChildKind, kinds.CONTROLLER_REVISION):
            for raw in self.all(kind):
                if owner_of(raw) not in living:
                    self.remove(kind, "default", raw["metadata"]["name"])


class Watching:
    """A replica of the operator that leads once it is told to; its watches are late."""

    def __init__(self, cluster: UnreliableCluster, lags: Mapping[str, float]) -> None:
        """Take by how many seconds the watch of each kind is late, which may change."""
        self.leads = asyncio.Event()
        self._cluster = cluster
        self._lags = lags
        self._view = View(cluster, lambda kind, _: lags.get(kind, 0.0))
        self.controller = Controller(self._view.port, UNLISTED, virtual_time.now, self._lead)
        self._lost = asyncio.Event()
        self.task = asyncio.create_task(self._run())

    def lose(self, kind: str) -> None:
        """Have the watch of a kind end, which has to begin with a list."""
        if kind == naming.KIND:
            self._lost.set()
        self._view.lose(kind)

    async def end(self) -> None:
        """End it as SIGKILL does."""
        self.task.cancel()
        await asyncio.wait([self.task])

    async def _run(self) -> None:
        await self.controller.start()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.controller.run())
            tasks.create_task(self._be_kopf())

    async def _lead(self, work: Work) -> None:
        await self.leads.wait()
        await work()

    async def _be_kopf(self) -> None:
        """List and watch Formations as kopf does."""
        while True:
            self._lost.clear()
            try:
                version = await self._list()
            except errors.ClusterError:
                await asyncio.sleep(RESUMES)
                continue
            telling = asyncio.create_task(self._tell(version))
            try:
                await self._lost.wait()
            finally:
                telling.cancel()
            await asyncio.sleep(RESUMES)

    async def _list(self) -> int:
        since = 0
        async for items, version in self._cluster.pages(kinds.BY_NAME[naming.KIND]):
            since = int(version)
            for raw in items:
                self.controller.informers.formation_event(None, raw)
        return since

    async def _tell(self, version: int) -> None:
        told = self._cluster.told[naming.KIND]
        number = sum(formations.version_of(raw) <= version for _, raw, _ in told)
        while True:
            while number == len(told):
                await self._cluster.news.wait()
            at, raw, deleted = told[number]
            lag = self._lags[naming.KIND]
            await asyncio.sleep(max(0.0, at + lag - asyncio.get_running_loop().time()))
            self.controller.informers.formation_event(
                "DELETED" if deleted else "MODIFIED", copy.deepcopy(raw)
            )
            number += 1


def owner_of(raw: Object) -> str:
    """Return the uid of an object's owner."""
    return str(raw["metadata"]["ownerReferences"][0]["uid"])
