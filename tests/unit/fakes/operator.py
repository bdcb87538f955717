"""The operator without watches and a queue: it is told all at once, and works when a test says so."""

import asyncio
import dataclasses
import datetime
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from formation_operator.api import naming
from formation_operator.controller import reconcile
from formation_operator.diagnose.investigator import Evidence, Examination, Examiner
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import ChildKind, Key
from formation_operator.kube.port import Cluster, Object
from formation_operator.observe import formations, pods
from formation_operator.observe.cache import Cache
from formation_operator.observe.children import Child
from formation_operator.observe.faults import Faults
from formation_operator.observe.store import Change
from formation_operator.requeue import Lane, Requeue, Result, Retry
from formation_operator.settings import Settings
from tests.shared.builders import MIDNIGHT, NOW, Manifest
from tests.unit.fakes.cluster import FakeCluster


@dataclasses.dataclass
class Time:
    """A clock that only a test moves."""

    seconds: float = 0.0
    wrong: float = 0.0
    """By how many seconds the machine's date is wrong, which changes when somebody sets it."""

    def __call__(self) -> datetime.datetime:
        return MIDNIGHT + datetime.timedelta(seconds=self.seconds + self.wrong)

    def monotonic(self) -> float:
        """Return the seconds that have passed, whatever the date is."""
        return self.seconds


async def run(
    reconciler: reconcile.Reconciler, key: Key, ended: Callable[[], object] = lambda: None
) -> Result:
    """Run a pass, and have its Events posted once it has ended."""
    result = await reconciler.run(key)
    ended()
    await asyncio.gather(*reconciler.events.posting.values())
    return result


class Operator:
    """One that watches a cluster, with a memory of its own."""

    def __init__(self, cluster: FakeCluster, clock: Time, known: Cache | None = None) -> None:
        self._cluster = cluster
        self.known = known or Cache()
        self.took = 0.0
        """The seconds that the last pass waited for answers."""
        self.due: dict[Key, Lane] = {}
        """The Formations that need a pass because of what has changed."""
        self._reconciler = reconcile.Reconciler(
            cluster, self.known, clock, Settings(), self._changed, clock.monotonic
        )
        for kind in (kinds.SCALED_OBJECT, naming.KIND, *ChildKind, kinds.JOB, kinds.POD):
            for raw in cluster.all(kind):
                self.see(kind, raw, deleted=False)
        cluster.watchers.append(self.see)

    def see(self, kind: str, raw: Object, deleted: bool) -> None:
        """Take what the watch tells: an object that has lost our label is deleted, by its words."""
        unlabelled = naming.FORMATION_LABEL not in (raw["metadata"].get("labels") or {})
        deleted = deleted or (unlabelled and kinds.BY_NAME[kind].label_selector == naming.FORMATION_LABEL)
        if deleted and kind in self.known.stores:
            self._changed(self.known.drop(kind, formations.key_of(raw), formations.version_of(raw)))
        elif kind == naming.KIND or kind in {*ChildKind, *kinds.AUTOSCALERS, kinds.JOB, kinds.POD}:
            self._changed(self.known.see(kind, raw))

    def _changed(self, change: Change[Any] | None) -> None:
        if change is None:
            return
        for key, lane in self.known.concerned(change).items():
            if not self._reconciler.will_compare(key, change):
                self.due[key] = min(lane, self.due.get(key, lane))

    async def run(self, key: Key) -> Result:
        """Run a pass of a Formation of any namespace."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        return await run(self._reconciler, key, lambda: setattr(self, "took", loop.time() - began))

    async def work(self, formation: str = "shop") -> bool:
        """Run a pass, and another one after a list that changes it; tell whether nothing is left to do."""
        listed = len(self._cluster.asked("pages", ChildKind.POD_DISRUPTION_BUDGET))
        result = await self.run(("default", formation))
        is_listed = len(self._cluster.asked("pages", ChildKind.POD_DISRUPTION_BUDGET)) > listed
        if is_listed and result.requeue == Requeue(Lane.BUILD):
            result = await self.run(("default", formation))
        return result.retry is Retry.NONE


class Looking(Examiner):
    """One that looks into what is wrong with the Pods of a Formation, with a memory of its own."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.evidence = Evidence()

    async def look(
        self, raws: Iterable[Manifest], deployments: Mapping[str, Child], later: float = 0
    ) -> Examination:
        """Look at Pods some seconds later."""
        known = [pod for raw in raws if (pod := pods.pod(raw)) is not None]
        return await self.examine(self.evidence, deployments, known, NOW + later, Faults(("default", "shop")))

    def held(self) -> int:
        """Return the bytes that all its answers count as."""
        return len(self._held)
