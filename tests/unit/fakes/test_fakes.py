"""The cluster in memory keeps what the operator relies on, as an API server does."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from formation_operator.api import naming
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.port import Object
from formation_operator.observe import children
from tests.shared.builders import a_pod, a_release_job, a_release_pod
from tests.unit.fakes import json_patch
from tests.unit.fakes.cluster import FakeCluster, Incident
from tests.unit.fakes.managed_fields import Owner
from tests.unit.fakes.objects import SCALE
from tests.unit.kube.calls import WRITES

KEY = ("default", "shop")
WEB = ("Deployment", "default", "web")
A_TEMPLATE: Object = {"template": {"spec": {"containers": []}}}
SOMEBODY = Owner("somebody", "Apply")


def a_deployment(**spec: Any) -> Object:
    return {"kind": "Deployment", "metadata": {"namespace": "default", "name": "web"}, "spec": spec}


def managers(raw: Object) -> list[str]:
    return [entry["manager"] for entry in raw["metadata"]["managedFields"]]


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_each_write_fails_on_demand(
    cluster: FakeCluster, write: Callable[[FakeCluster], Awaitable[object]]
) -> None:
    cluster.incidents.append(Incident(error=errors.UnavailableError("away")))
    with pytest.raises(errors.UnavailableError):
        await write(cluster)


def test_each_change_makes_an_object_newer_and_each_change_of_its_spec_another_generation(
    cluster: FakeCluster,
) -> None:
    made = cluster.write(a_deployment(replicas=1))
    labelled = cluster.merge(*WEB, {"metadata": {"labels": {"a": "b"}}})
    scaled = cluster.merge(*WEB, {"spec": {"replicas": 2}})
    same = cluster.merge(*WEB, {"spec": {"replicas": 2}}, by=SCALE)
    versions = [int(raw["metadata"]["resourceVersion"]) for raw in (made, labelled, scaled, same)]
    assert versions[0] < versions[1] < versions[2] == versions[3] == cluster.version
    assert [raw["metadata"]["generation"] for raw in (made, labelled, scaled)] == [1, 1, 2]


def test_a_field_is_its_latest_writers_and_is_taken_back_by_force_only(cluster: FakeCluster) -> None:
    cluster.write(a_deployment(replicas=1))
    scaled = cluster.merge(*WEB, {"spec": {"replicas": 2}}, by=SCALE)
    live = {**scaled, "spec": {**scaled["spec"], **A_TEMPLATE}}
    assert not children.child(live, ChildKind.DEPLOYMENT).owns_count
    with pytest.raises(errors.ConflictError, match="kubectl"):
        cluster.write(a_deployment(replicas=1), force=False)
    assert managers(cluster.write(a_deployment(replicas=1))) == [naming.FIELD_MANAGER]


def test_what_is_applied_no_more_goes_but_for_what_others_hold(cluster: FakeCluster) -> None:
    pair = [{"name": "web", "image": "a"}, {"name": "proxy", "image": "b"}]
    cluster.write(a_deployment(replicas=1, containers=pair))
    cluster.write(a_deployment(replicas=1), by=SOMEBODY)
    raw = cluster.write(a_deployment(containers=pair[:1]))
    assert raw["spec"] == {"replicas": 1, "containers": pair[:1]}


@pytest.mark.parametrize("metadata", [{"uid": "another"}, {"resourceVersion": "1"}], ids=str)
async def test_a_write_for_another_object_or_version_is_a_conflict(
    cluster: FakeCluster, metadata: Object
) -> None:
    before = cluster.write(a_deployment(replicas=1))
    manifest = a_deployment(replicas=2)
    manifest["metadata"] |= metadata
    with pytest.raises(errors.ConflictError):
        await cluster.apply(manifest, manager="us")
    operations = [
        {"op": "replace", "path": f"/metadata/{field}", "value": value} for field, value in metadata.items()
    ]
    with pytest.raises(errors.ConflictError):
        await cluster.patch(*WEB, operations)
    same = {"uid": before["metadata"]["uid"], "version": before["metadata"]["resourceVersion"]}
    for another in ({"uid": "another"}, {"version": "1"}):
        with pytest.raises(errors.ConflictError):
            await cluster.delete(*WEB, **{**same, **another})
    assert cluster.read(*WEB) == before


@pytest.mark.parametrize("pods", [0, 2])
async def test_what_is_deleted_in_the_foreground_stays_until_what_it_controls_is_gone(
    cluster: FakeCluster, pods: int
) -> None:
    job = cluster.put("Job", a_release_job())
    place = ("Job", "default", job["metadata"]["name"])
    for number in range(pods):
        cluster.put("Pod", a_release_pod(name=f"shop-release-{number}"))
    cluster.put("Pod", a_pod())
    with pytest.raises(errors.ConflictError):
        await cluster.delete(*place, "another", "1", foreground=True)
    about = job["metadata"]
    await cluster.delete(*place, about["uid"], about["resourceVersion"], foreground=True)
    for number in range(pods):
        assert cluster.read(*place)["metadata"]["deletionTimestamp"]
        cluster.remove("Pod", "default", f"shop-release-{number}")
    assert await cluster.get(*place) is None


async def test_a_patch_is_carried_out_whole_or_not_at_all(cluster: FakeCluster) -> None:
    before = cluster.write(a_deployment(replicas=1, list=["a"]))
    add = {"op": "add", "path": "/spec/list/-", "value": "b"}
    for wrong in ({"op": "test", "path": "/spec/replicas", "value": 2}, {"op": "remove", "path": "/spec/no"}):
        with pytest.raises(errors.RefusedError, match=json_patch.FAILED):
            await cluster.patch(*WEB, [add, wrong])
    assert cluster.read(*WEB) == before
    label = {"op": "add", "path": "/metadata/annotations", "value": {"a/b": "c"}}
    gone = {"op": "remove", "path": "/metadata/annotations/a~1b"}
    scale = {"op": "replace", "path": "/spec/replicas", "value": 3}
    after = await cluster.patch(*WEB, [add, label, gone, scale])
    assert after["spec"] == {"replicas": 3, "list": ["a", "b"]}
    assert after["metadata"]["annotations"] == {}


async def test_lists_come_in_pages_of_one_version_and_only_with_what_concerns_us(
    cluster: FakeCluster,
) -> None:
    ours, names = {"labels": {naming.FORMATION_LABEL: "shop"}}, ("b", "a", "c")
    for name in names:
        cluster.put("Deployment", {"metadata": {**ours, "name": name}})
    cluster.put("Deployment", {"metadata": {"name": "foreign"}})
    pages = []
    async for items, version in cluster.pages(kinds.BY_NAME["Deployment"]):
        pages.append(([item["metadata"]["name"] for item in items], version))
        cluster.put("Deployment", {"metadata": {**ours, "name": "d"}})
    assert pages == [([name], pages[0][1]) for name in sorted(names)]
    assert [page async for page in cluster.pages(kinds.BY_NAME["Pod"])] == [([], str(cluster.version))]


@pytest.mark.parametrize(
    ("selectors", "found"),
    [
        ({"labels": "a=b"}, ["x"]),
        ({"labels": "a"}, ["x", "y"]),
        ({"labels": "a=b,c"}, []),
        ({"fields": "regarding.uid=u"}, ["y"]),
    ],
    ids=str,
)
async def test_selectors_choose(cluster: FakeCluster, selectors: dict[str, str], found: list[str]) -> None:
    cluster.put("Event", {"metadata": {"name": "x", "labels": {"a": "b"}}})
    cluster.put("Event", {"metadata": {"name": "y", "labels": {"a": "c"}}, "regarding": {"uid": "u"}})
    cluster.put("Event", {"metadata": {"name": "z", "namespace": "another", "labels": {"a": "b"}}})
    pages = cluster.select("Event", "default", **selectors)
    assert [event["metadata"]["name"] async for events in pages for event in events] == found
