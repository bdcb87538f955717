"""Pods, Events or Jobs that can't be read, or are read slowly, while a release waits."""

import asyncio

import pytest

from formation_operator.api import naming
from formation_operator.kube import errors
from formation_operator.release import revision_store
from tests.builders import Manifest
from tests.unit.fakes.releasing import BOTH_V1, KEY, Shop

NO_ANSWER = errors.UnavailableError("the server doesn't answer")


@pytest.fixture
async def job(shop: Shop) -> Manifest:
    """The Job of the second release, which is under way."""
    await shop.change(image="shop:v2")
    [job] = [each for each in shop.jobs() if not each.get("status")]
    return job


@pytest.mark.parametrize("kind", ["Pod", "Event"])
async def test_the_status_is_written_though_it_cannot_be_read_whether_a_release_has_started(
    shop: Shop, job: Manifest, kind: str
) -> None:
    labels, waiting = job["spec"]["template"]["metadata"]["labels"], {"phase": "Pending"}
    spec = {"nodeName": "node-1", "containers": [{"name": "release"}]}
    shop.cluster.put("Pod", {"metadata": {"name": "pod", "labels": labels}, "spec": spec, "status": waiting})
    shop.refuse("select", kind)
    for change in ({"image": "shop:v3"}, {"suspend": True}):
        shop.declare(**change)
        await shop.settle()
        generation = shop.cluster.read(naming.KIND, *KEY)["metadata"]["generation"]
        assert shop.condition()["observedGeneration"] == generation
    assert job["metadata"]["name"] in [each["metadata"]["name"] for each in shop.jobs()]
    assert shop.images() == BOTH_V1


@pytest.mark.parametrize("kind", ["Pod", "Job"])
async def test_no_pass_waits_for_a_list_of_pods_or_jobs_that_hangs(
    shop: Shop, job: Manifest, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revision_store, "PATIENCE", 0.05)
    shop.remove("Job", job["metadata"]["name"])
    shop.refuse("select", kind, hangs=1.0)
    clock = asyncio.get_running_loop().time
    began = clock()
    await shop.operator.work()
    assert clock() - began < 0.5
