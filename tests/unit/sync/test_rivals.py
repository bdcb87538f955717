"""Whoever writes another intent over ours again and again is told of, and not fought."""

import contextlib
from collections.abc import Callable, Iterator

import pytest

from formation_operator.api import naming
from formation_operator.kube.notices import Notice
from formation_operator.kube.port import Object
from formation_operator.observe import managed_fields
from formation_operator.render import intents
from formation_operator.sync import repair_limit
from tests.shared.builders import a_formation, a_process, stored
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.objects import SCALE
from tests.unit.fakes.operator import Operator, Time

KEY = ("default", "shop")
WORKER = ("Deployment", "default", "shop-worker")
FORMATION = a_formation(processes={"worker": a_process(replicas=3)}, image="shop:v2")


@pytest.fixture
def cluster() -> FakeCluster:
    cluster = FakeCluster()
    cluster.put(naming.KIND, stored(FORMATION))
    return cluster


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def operator(cluster: FakeCluster, clock: Time) -> Operator:
    return Operator(cluster, clock)


def writes(cluster: FakeCluster) -> int:
    return len(cluster.asked("apply", "Deployment"))


def repairs(cluster: FakeCluster) -> list[Notice]:
    return [notice for notice in cluster.notices if notice.reason == "DriftRepaired"]


def image(cluster: FakeCluster) -> str:
    (container,) = cluster.read(*WORKER)["spec"]["template"]["spec"]["containers"]
    return str(container["image"])


def apply_exported(cluster: FakeCluster, exported: Object) -> None:
    """Have somebody apply what was exported of the Deployment when it had another intent."""
    metadata = {key: exported["metadata"][key] for key in ("labels", "annotations")}
    cluster.merge(*WORKER, {"metadata": metadata, "spec": {"template": exported["spec"]["template"]}})


async def again_and_again(operator: Operator, clock: Time, deed: Callable[[int], object]) -> None:
    """Have something happen fifty times, a second apart."""
    for number in range(50):
        clock.seconds += 1
        deed(number)
        await operator.work()


async def export(cluster: FakeCluster, operator: Operator) -> Object:
    """Return the Deployment of version 1, and let version 2 run."""
    cluster.merge(naming.KIND, *KEY, {"spec": {"image": "shop:v1"}})
    await operator.work()
    exported = cluster.read(*WORKER)
    cluster.merge(naming.KIND, *KEY, {"spec": {"image": "shop:v2"}})
    await operator.work()
    assert image(cluster) == "shop:v2"
    return exported


async def test_an_old_manifest_that_is_applied_again_is_set_back_with_an_event(
    cluster: FakeCluster, operator: Operator
) -> None:
    exported = await export(cluster, operator)
    assert repairs(cluster) == []
    apply_exported(cluster, exported)
    await operator.work()
    assert image(cluster) == "shop:v2"
    (repair,) = repairs(cluster)
    assert repair.note.startswith("kubectl changed ")
    assert "containers.worker.image" in repair.note
    assert repair.note.endswith("To go back to an older version, use: kubectl formation rollback shop")


async def test_who_applies_an_old_manifest_again_and_again_is_not_fought(
    cluster: FakeCluster, operator: Operator, clock: Time
) -> None:
    exported = await export(cluster, operator)
    before = writes(cluster)
    await again_and_again(operator, clock, lambda _: apply_exported(cluster, exported))
    assert writes(cluster) - before == repair_limit.FREE
    status = cluster.read(naming.KIND, *KEY)["status"]
    assert status["processes"]["worker"]["reason"] == "Waiting"
    clock.seconds += repair_limit.WINDOW
    await operator.work()
    assert image(cluster) == "shop:v2"


@contextlib.contextmanager
def of_another_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as other:
        other.setattr(intents, "PROOF_SECONDS", 6)
        yield


async def test_two_versions_of_the_operator_do_not_alternate_for_ever(
    cluster: FakeCluster, operator: Operator, clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Operator(cluster, clock)
    await operator.work()
    before = writes(cluster)
    for _ in range(60):
        clock.seconds += 0.9
        with of_another_version(monkeypatch):
            await other.work()
        await operator.work()
    assert writes(cluster) - before <= 2 * repair_limit.FREE + 2
    assert "If another formation-operator runs, stop it" in repairs(cluster)[0].note


def counts(*counts: int | None) -> list[Object]:
    return [{"processes": {"worker": {"replicas": count}}} for count in counts]


async def test_a_suspension_may_come_and_go_as_often_as_one_likes(
    cluster: FakeCluster, operator: Operator
) -> None:
    cluster.merge(naming.KIND, *KEY, {"spec": {"processes": {"worker": {"replicas": None}}}})
    await operator.work()
    cluster.merge(*WORKER, {"spec": {"replicas": 5}}, by=SCALE)
    for suspended in (True, False) * 9:
        cluster.merge(naming.KIND, *KEY, {"spec": {"suspend": suspended}})
        await operator.work()
        assert cluster.read(*WORKER)["spec"]["replicas"] == (0 if suspended else 5)
    assert repairs(cluster) == []


def take_its_owner(cluster: FakeCluster, _: Object) -> None:
    cluster.merge(*WORKER, {"metadata": {"ownerReferences": []}})


def put_another_in_its_place(cluster: FakeCluster, ours: Object) -> None:
    (entry,) = ours["metadata"]["managedFields"]
    metadata = {key: value for key, value in ours["metadata"].items() if key != "resourceVersion"}
    metadata["managedFields"] = [{**entry, "manager": "backup", "operation": "Update"}]
    cluster.remove(*WORKER)
    cluster.put("Deployment", {**ours, "metadata": metadata})


@pytest.mark.parametrize("deed", [take_its_owner, put_another_in_its_place])
async def test_who_takes_a_deployment_from_us_again_and_again_is_not_fought_either(
    cluster: FakeCluster, operator: Operator, clock: Time, deed: Callable[[FakeCluster, Object], None]
) -> None:
    await operator.work()
    ours = cluster.read(*WORKER)
    await again_and_again(operator, clock, lambda _: deed(cluster, ours))
    assert len(cluster.asked("patch", "Deployment")) == repair_limit.FREE
    clock.seconds += repair_limit.WINDOW
    for _ in range(2):
        await operator.work()
    metadata = cluster.read(*WORKER)["metadata"]
    assert metadata["ownerReferences"]
    assert managed_fields.entry_of(metadata["managedFields"])
