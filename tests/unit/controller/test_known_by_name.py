"""A child is known by its name and its owner: nothing that runs goes for what others write on it."""

from typing import Any

import pytest

from formation_operator.api import naming
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.port import Object
from tests.builders import a_formation, a_process, stored
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.operator import Operator, Time

KEY = ("default", "shop")
TYPES = {"web": a_process(replicas=2, port=8080), "worker": a_process(replicas=1)}
UNRENDERABLE = {"resources": {"limits": {"gpu": "1"}}}
WEB, WORKER = ("Deployment", "shop-web"), ("Deployment", "shop-worker")
SERVICE = ("Service", "shop-web")
OTHERS_WRITE = {
    "of a type that isn't declared": {naming.PROCESS_TYPE_LABEL: "other"},
    "of another type": {naming.PROCESS_TYPE_LABEL: "worker"},
    "of no type": {naming.PROCESS_TYPE_LABEL: None},
    "of another Formation": {naming.FORMATION_LABEL: "blog"},
    "of nothing of ours": {naming.FORMATION_LABEL: None, naming.PROCESS_TYPE_LABEL: None},
}
"""Labels as merge patches."""
SEEN = {name: labels for name, labels in OTHERS_WRITE.items() if name != "of nothing of ours"}
"""With these a list still has what carries them."""


@pytest.fixture
async def operator(cluster: FakeCluster) -> Operator:
    """An operator that has made the children of two types."""
    operator = Operator(cluster, Time())
    await operator.work()
    assert children(cluster).keys() == {WEB, SERVICE, WORKER}
    return operator


@pytest.fixture
def cluster() -> FakeCluster:
    cluster = FakeCluster()
    cluster.put(naming.KIND, stored(a_formation(processes=TYPES)))
    return cluster


def children(cluster: FakeCluster) -> dict[tuple[str, str], str]:
    """Return the uid of each child by kind and name: another one would have other Pods."""
    found = [each for kind in ChildKind for each in cluster.all(kind)]
    return {(each["kind"], each["metadata"]["name"]): each["metadata"]["uid"] for each in found}


def declare(cluster: FakeCluster, **types: Object | None) -> None:
    cluster.merge(naming.KIND, *KEY, {"spec": {"processes": types}})


def relabel(cluster: FakeCluster, child: tuple[str, str], labels: Object) -> None:
    kind, name = child
    cluster.merge(kind, "default", name, {"metadata": {"labels": labels}})


def labels_of(cluster: FakeCluster, child: tuple[str, str]) -> Object:
    kind, name = child
    found: Object = cluster.read(kind, "default", name)["metadata"]["labels"]
    return found


@pytest.mark.parametrize("labels", OTHERS_WRITE.values(), ids=[*OTHERS_WRITE])
async def test_what_cannot_be_rendered_runs_on_whatever_labels_others_give_it(
    labels: Object, cluster: FakeCluster, operator: Operator
) -> None:
    before = children(cluster)
    declare(cluster, web=UNRENDERABLE)
    await operator.work()
    for child in (WEB, SERVICE):
        relabel(cluster, child, labels)
    for _ in range(3):
        await operator.work()
    assert children(cluster) == before
    declare(cluster, web={"resources": None})
    for _ in range(3):
        await operator.work()
    assert children(cluster) == before
    for child in (WEB, SERVICE):
        assert naming.selector("shop", "web").items() <= labels_of(cluster, child).items()


@pytest.mark.parametrize("labels", SEEN.values(), ids=[*SEEN])
@pytest.mark.parametrize(
    ("change", "goes"), [(None, [WEB, SERVICE]), ({"port": None}, [SERVICE])], ids=["a type", "a port"]
)
async def test_what_is_taken_away_goes_whatever_labels_others_gave_it(
    labels: Object, change: Object | None, goes: list[Any], cluster: FakeCluster, operator: Operator
) -> None:
    declare(cluster, worker=UNRENDERABLE)
    await operator.work()
    for child in goes:
        relabel(cluster, child, labels)
    declare(cluster, web=change)
    await operator.work()
    assert children(cluster).keys() == {WEB, SERVICE, WORKER} - {*goes}
    told = [notice.process_type for notice in cluster.notices if notice.reason == "Deleted"]
    assert told == ["web"] * len(goes)
