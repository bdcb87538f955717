"""What is written carries the version that it was decided from; what has changed since is looked at first."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from formation_operator.api import naming
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Object
from formation_operator.sync.executor import CONCURRENT_WRITES
from tests.shared.builders import a_formation, a_process, stored
from tests.unit.fakes.cluster import FakeCluster, Incident
from tests.unit.fakes.managed_fields import Owner
from tests.unit.fakes.objects import SCALE
from tests.unit.fakes.operator import Operator, Time

T = TypeVar("T")
KEY = ("default", "shop")
WORKER = ("Deployment", "default", "shop-worker")
CONTROLLER = Owner("kube-controller-manager", "Update", "status")
NOBODY: Object = {"metadata": {"ownerReferences": []}}
FOREIGN = {"metadata": {"name": "shop-worker"}, "spec": {"template": {"spec": {"containers": []}}}}


@pytest.fixture
def cluster() -> FakeCluster:
    cluster = FakeCluster()
    cluster.put(naming.KIND, stored(a_formation(processes={"worker": a_process(replicas=3)})))
    return cluster


@pytest.fixture
def operator(cluster: FakeCluster) -> Operator:
    return Operator(cluster, Time())


@contextlib.contextmanager
def unheard(cluster: FakeCluster) -> Iterator[None]:
    """Have the watch tell nothing of what others do meanwhile."""
    watchers, cluster.watchers = cluster.watchers, []
    yield
    cluster.watchers = watchers


async def changed_unheard(
    cluster: FakeCluster, operator: Operator, others_do: Callable[[FakeCluster], None]
) -> Object:
    """Return the Deployment as it is after a pass, and after what others did since and nobody heard of."""
    await operator.work()
    with unheard(cluster):
        others_do(cluster)
    return cluster.read(*WORKER)


def nothing(_: FakeCluster) -> None:
    """Have others do nothing."""


def reports(cluster: FakeCluster) -> None:
    cluster.merge(*WORKER, {"status": {"readyReplicas": 1}}, by=CONTROLLER)


def declare(cluster: FakeCluster, **spec: object) -> None:
    cluster.merge(naming.KIND, *KEY, {"spec": spec})


def written(cluster: FakeCluster) -> list[str]:
    """Return what was asked for that reads or writes a child, or looks whether the Formation is there."""
    about = ("get", "apply", "patch", "delete")
    calls = (call for call in cluster.calls if call.kind != kinds.CONTROLLER_REVISION)
    return [call.verb for call in calls if call.verb in about]


def version(metadata: Object) -> Object:
    """Return what a write is about."""
    return {key: metadata[key] for key in ("uid", "resourceVersion")}


def image(cluster: FakeCluster) -> str:
    (container,) = cluster.read(*WORKER)["spec"]["template"]["spec"]["containers"]
    return str(container["image"])


async def updated(cluster: FakeCluster, operator: Operator) -> list[str]:
    """Return what is asked for in the pass after the Formation has another image."""
    declare(cluster, image="shop:v2")
    cluster.calls.clear()
    await operator.work()
    return written(cluster)


# Create


async def test_an_object_that_was_there_only_for_a_moment_is_made_at_the_next_try(
    cluster: FakeCluster, operator: Operator
) -> None:
    cluster.incidents.append(Incident("apply", error=errors.ConflictError("it exists")))
    assert not await operator.work()
    assert await operator.work()
    assert cluster.read(*WORKER)


async def test_of_many_objects_a_few_are_written_at_once() -> None:
    class Busy(FakeCluster):
        """Counts how many objects are being made at the same time."""

        under_way = most = 0

        async def create(self, manifest: Object, *, manager: str) -> Object:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            for _ in range(100):  # an answer takes longer than to render the next type
                await asyncio.sleep(0)
            made = await super().create(manifest, manager=manager)
            self.under_way -= 1
            return made

    cluster = Busy()
    types = {f"t{number}": a_process(replicas=1) for number in range(3 * CONCURRENT_WRITES)}
    cluster.put(naming.KIND, stored(a_formation(processes=types)))
    await Operator(cluster, Time()).work()
    assert len(cluster.all("Deployment")) == len(types)
    assert cluster.most == CONCURRENT_WRITES


# Update


def scales(cluster: FakeCluster) -> None:
    cluster.merge(*WORKER, {"spec": {"replicas": 7}}, by=SCALE)


def orphans(cluster: FakeCluster) -> None:
    cluster.merge(*WORKER, NOBODY)


def gives_away(cluster: FakeCluster) -> None:
    owner = {"apiVersion": "v1", "kind": "Other", "name": "o", "uid": "o", "controller": True}
    cluster.merge(*WORKER, {"metadata": {"ownerReferences": [owner]}})


def changes_a_field(cluster: FakeCluster) -> None:
    cluster.merge(*WORKER, {"spec": {"minReadySeconds": 9}})


def deletes(cluster: FakeCluster) -> None:
    cluster.remove(*WORKER)


def declares_it_no_more(cluster: FakeCluster) -> None:
    declare(cluster, processes={"worker": None, "clock": a_process(replicas=1)})


def replaces(cluster: FakeCluster) -> None:
    cluster.remove(*WORKER)
    cluster.put("Deployment", FOREIGN)


def writes_another_intent(cluster: FakeCluster) -> None:
    cluster.merge(*WORKER, {"metadata": {"annotations": {naming.INTENT_ANNOTATION: "another"}}})


def marks_for_deletion(cluster: FakeCluster) -> None:
    cluster.merge(*WORKER, {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}})


@pytest.mark.parametrize(
    ("others_do", "reason"),
    [
        (deletes, "Recreated"),
        (changes_a_field, "DriftRepaired"),
        (orphans, "Adopted"),
        (declares_it_no_more, "Deleted"),
    ],
)
async def test_an_event_about_a_write_says_which_type_it_is_about(
    others_do: Callable[[FakeCluster], None], reason: str, cluster: FakeCluster, operator: Operator
) -> None:
    await operator.work()
    others_do(cluster)
    await operator.work()
    (notice,) = [each for each in cluster.notices if each.reason != "Deployed"]
    assert (notice.reason, notice.process_type) == (reason, "worker")


@pytest.mark.parametrize(
    "others_do", [scales, orphans, gives_away, replaces, writes_another_intent, marks_for_deletion]
)
async def test_what_nobody_has_decided_about_is_not_written_over(
    others_do: Callable[[FakeCluster], None], cluster: FakeCluster, operator: Operator
) -> None:
    before = await changed_unheard(cluster, operator, others_do)
    assert await updated(cluster, operator) == ["apply", "get"]
    assert cluster.read(*WORKER) == before


@pytest.mark.parametrize("others_do", [nothing, reports], ids=["at the known version", "after a look"])
async def test_a_count_that_is_let_go_is_handed_over(
    others_do: Callable[[FakeCluster], None], cluster: FakeCluster, operator: Operator
) -> None:
    await changed_unheard(cluster, operator, others_do)
    declare(cluster, processes={"worker": {"replicas": None}})
    cluster.calls.clear()
    assert await operator.work()
    managers = [call.manager for call in cluster.calls if call.verb == "apply"]
    assert managers[-2:] == [naming.COUNT_MANAGER, naming.FIELD_MANAGER]
    assert cluster.read(*WORKER)["spec"]["replicas"] == 3
    assert await operator.work(), "and there is nothing left to do"


async def test_an_object_that_has_lost_our_entry_is_looked_at_first(
    cluster: FakeCluster, operator: Operator
) -> None:
    await operator.work()
    cluster.merge(*WORKER, {"metadata": {"managedFields": None}})
    assert (await updated(cluster, operator))[0] == "get"


# Delete


async def removed(cluster: FakeCluster, operator: Operator) -> list[str]:
    """Return what is asked for in the pass after the type was taken away."""
    declares_it_no_more(cluster)
    cluster.calls.clear()
    await operator.work()
    return [call.verb for call in cluster.calls if call.name == "shop-worker"]


@pytest.mark.parametrize("others_do", [reports, scales, orphans, gives_away, replaces])
async def test_what_has_changed_or_has_taken_the_name_is_not_deleted_before_that_is_known(
    others_do: Callable[[FakeCluster], None], cluster: FakeCluster, operator: Operator
) -> None:
    before = await changed_unheard(cluster, operator, others_do)
    assert await removed(cluster, operator) == ["delete"]
    assert cluster.read(*WORKER) == before
