"""A replica that stands by knows all and writes nothing; once it leads, it begins with the latest change."""

import asyncio
import pathlib

from formation_operator import command_line
from formation_operator.api import naming
from formation_operator.controller.intake import Controller
from formation_operator.controller.leader import Work
from formation_operator.requeue import Lane
from formation_operator.settings import Settings
from tests.shared import builders
from tests.shared.builders import a_formation
from tests.unit import virtual_time
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.replica import View, bring_formations

LOOP = {"virtual": virtual_time.VirtualLoop}
WRITES = {"create", "apply", "replace_status", "patch", "delete", "notify"}


class Replica:
    """One whose lead is a test's to give and to take."""

    def __init__(self, cluster: FakeCluster, late: float = 0.0) -> None:
        """Take for how many seconds it doesn't hear of what happens."""
        self.cluster = cluster
        self._late = late
        port = View(cluster, self._lag).port
        self.controller = Controller(port, Settings(resync=86400, workers=1), virtual_time.now, self._lead)
        self._work: Work | None = None

    async def start(self) -> None:
        await self.controller.start()
        bring_formations(self.cluster, self.controller, self._lag)
        self._running = asyncio.create_task(self.controller.run())
        await asyncio.sleep(30)

    async def lead(self, seconds: float = 30) -> None:
        """Have it lead for a while."""
        assert self._work is not None
        leading = asyncio.create_task(self._work())
        await asyncio.sleep(seconds)
        leading.cancel()
        await asyncio.wait([leading])

    async def _lead(self, work: Work) -> None:
        self._work = work
        await asyncio.Event().wait()

    def _lag(self, *_: object) -> float:
        return self._late


def written(cluster: FakeCluster) -> list[str]:
    return [call.name for call in cluster.calls if call.verb in WRITES]


def a_cluster(*names: str) -> FakeCluster:
    cluster = FakeCluster()
    for name in names:
        cluster.put(naming.KIND, builders.stored(a_formation(name), uid=f"uid-{name}"))
    return cluster


def scale(cluster: FakeCluster, name: str, replicas: int) -> None:
    change = {"spec": {"processes": {"worker": {"replicas": replicas}}}}
    cluster.merge(naming.KIND, "default", name, change)


def shown(replica: Replica, name: str, **labels: str) -> float:
    registry = replica.controller.instruments.registry
    return registry.get_sample_value(f"formation_operator_{name}", labels) or 0


async def test_who_stands_by_writes_nothing_and_counts_nothing_whatever_happens() -> None:
    cluster = a_cluster("a", "b")
    replica = Replica(cluster)
    await replica.start()
    scale(cluster, "a", 3)
    cluster.remove(naming.KIND, "default", "b")
    await asyncio.sleep(300)
    assert written(cluster) == []
    leading = asyncio.create_task(replica.lead())
    await asyncio.sleep(20)
    assert shown(replica, "process_types", state="Starting") == 1
    await leading
    assert shown(replica, "process_types", state="Starting") == 0
    counts = {raw["metadata"]["name"]: raw["spec"]["replicas"] for raw in cluster.all("Deployment")}
    assert counts == {"a-worker": 3}


async def test_what_nobody_heard_of_comes_first_at_a_start() -> None:
    cluster = a_cluster(*"abcdef")
    before = Replica(cluster)
    await before.start()
    await before.lead()
    cluster.watchers.clear()
    for name in "ad":
        scale(cluster, name, 3)
        cluster.remove("Deployment", "default", f"{name}-worker")
    for name in "bcef":
        cluster.merge("Deployment", "default", f"{name}-worker", {"spec": {"minReadySeconds": 99}})
    cluster.calls.clear()
    after = Replica(cluster)
    await after.start()
    await after.lead()
    order = list(dict.fromkeys(name[0] for name in written(cluster)))
    assert sorted(order[:2]) == ["a", "d"]
    assert sorted(order) == [*"abcdef"]


async def test_one_that_leads_again_writes_nothing_where_all_is_as_it_should_be() -> None:
    cluster = a_cluster("a")
    first, second = Replica(cluster), Replica(cluster)
    await first.start()
    await second.start()
    await first.lead()
    before = written(cluster)
    await second.lead()
    await first.lead()
    assert written(cluster) == before


async def test_what_was_left_waiting_by_who_leads_no_more_is_no_backlog() -> None:
    cluster = a_cluster("a", "b")
    replica = Replica(cluster)
    await replica.start()
    cluster.latency = 10
    leading = asyncio.create_task(replica.lead(5))
    await asyncio.sleep(1)
    assert shown(replica, "queue_depth", lane="build") == 1
    assert shown(replica, "queue_oldest_request_age_seconds") > 0
    await leading
    await asyncio.sleep(60)
    assert {shown(replica, "queue_depth", lane=lane.name.lower()) for lane in Lane} == {0}
    assert shown(replica, "queue_oldest_request_age_seconds") == 0


# How it is told


def test_a_pod_takes_the_lease_of_its_own_namespace_and_any_other_process_none(
    tmp_path: pathlib.Path,
) -> None:
    assert command_line.lease_of_pod(tmp_path / "namespace") is None
    (tmp_path / "namespace").write_text("formation-system\n")
    assert command_line.lease_of_pod(tmp_path / "namespace") == ("formation-system", "formation-operator")
