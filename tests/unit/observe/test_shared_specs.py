"""What one namespace declares takes no memory from others, and nothing of it is lost."""

import dataclasses

import pytest

from formation_operator.api import naming
from formation_operator.kube.port import Object
from formation_operator.observe import formations
from formation_operator.observe.cache import Cache
from formation_operator.observe.watched import FORMATIONS, WATCHED
from formation_operator.requeue import Retry
from tests.shared.builders import a_formation, a_process, stored
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.operator import Operator, Time

MANY = 20
MOST = 64 * 1024


def operator_of(cluster: FakeCluster) -> Operator:
    """Return an operator that has room for few specs."""
    return Operator(cluster, Time(), Cache(watched=[*WATCHED, dataclasses.replace(FORMATIONS, most=MOST)]))


def declared(name: str, namespace: str) -> Object:
    processes = {"worker": a_process(replicas=1, env=[{"name": "LONG", "value": "x" * 1000}])}
    return stored(a_formation(name, processes=processes), uid=f"{namespace}-{name}", namespace=namespace)


def crowded() -> FakeCluster:
    """Return a cluster where one namespace declares far more than the others."""
    cluster = FakeCluster()
    cluster.put(naming.KIND, declared("quiet", "default"))
    for number in range(MANY):
        cluster.put(naming.KIND, declared(f"app{number}", "crowd"))
    return cluster


def sizes(operator: Operator) -> dict[str, int]:
    found = operator.known.formations
    return {
        namespace: sum(formations.size_of(each) for key, each in found.items() if key[0] == namespace)
        for namespace in ("default", "crowd")
    }


async def test_what_is_kept_of_all_specs_is_bounded_and_the_namespace_that_has_most_pays() -> None:
    operator = operator_of(crowded())
    kept = sizes(operator)
    assert kept["default"] > 0
    assert MOST / 2 < sum(kept.values()) <= MOST
    assert len(operator.known.formations) == MANY + 1
    names = formations.child_keys(operator.known.formations["crowd", "app0"])
    assert names == [("crowd", "app0-worker"), ("crowd", "app0-worker-canary")]


async def test_a_formation_whose_spec_isnt_kept_is_read_again_and_runs_as_any_other() -> None:
    cluster = crowded()
    operator = operator_of(cluster)
    for key in (("crowd", "app0"), ("default", "quiet")):
        await operator.run(key)
    there = {(raw["metadata"]["namespace"], raw["metadata"]["name"]) for raw in cluster.all("Deployment")}
    assert there == {("crowd", "app0-worker"), ("default", "quiet-worker")}
    assert [call.namespace for call in cluster.asked("get", naming.KIND)] == ["crowd"]


@pytest.mark.parametrize("deleted", [False, True], ids=["changed", "gone"])
async def test_what_happens_while_a_spec_is_read_again_is_left_to_the_watch(*, deleted: bool) -> None:
    cluster = crowded()
    operator = operator_of(cluster)
    cluster.watchers.clear()
    if deleted:
        cluster.remove(naming.KIND, "crowd", "app0")
    else:
        cluster.merge(naming.KIND, "crowd", "app0", {"spec": {"suspend": True}})
    assert (await operator.run(("crowd", "app0"))).retry is Retry.PASSING
    assert ("crowd", "app0") in operator.known.formations
    assert cluster.all("Deployment") == []
