"""Where nothing but counts can be written: `suspend` stops schedules, too, and writes end."""

import pytest

from formation_operator.api import naming
from formation_operator.kube import errors
from tests.builders import Manifest, stored
from tests.unit.fakes.cluster import Incident
from tests.unit.fakes.managed_fields import Owner
from tests.unit.fakes.releasing import BOTH_V1, KEY, OLD, ONE, UNFIT, Shop, lose_revisions


async def test_counts_of_restored_deployments_whose_content_is_lost_are_written_once() -> None:
    shop = Shop()
    await shop.settle()
    await shop.finish()
    await shop.change(image="shop:v2")
    lose_revisions(shop)
    shop.restart()
    nobodys: Manifest = {"metadata": {"managedFields": []}}
    for name in shop.counts():
        shop.cluster.merge("Deployment", "default", name, nobodys)
    await shop.change(suspend=True)
    assert shop.counts() == {"shop-web": 0, "shop-worker": 0}
    before = len(shop.cluster.calls)
    await shop.settle()
    assert not [each for each in shop.cluster.calls[before:] if each.verb in ("apply", "patch")]


NIGHTLY: Manifest = {"schedule": "@daily", "command": ["/shop", "report"]}
WITH_A_SCHEDULE: Manifest = {**ONE, "spec": {**ONE["spec"], "schedules": {"nightly": NIGHTLY}}}
NO_GATE = {field: value for field, value in WITH_A_SCHEDULE["spec"].items() if field != "release"}


def begins_runs(shop: Shop) -> bool:
    [cron_job] = shop.cluster.all("CronJob")
    return not cron_job["spec"]["suspend"]


async def work(shop: Shop) -> None:
    for _ in range(4):
        shop.time.seconds += 2
        await shop.operator.work()


@pytest.mark.parametrize("outdated", [False, True], ids=["its content is lost", "the CRD is older"])
async def test_suspend_stops_a_schedule_of_which_nothing_else_is_known(outdated: bool) -> None:
    shop = Shop(WITH_A_SCHEDULE)
    await shop.settle()
    await shop.finish()
    if outdated:
        shop.cluster.spec_schema = OLD
        await shop.change(release=None)
    else:
        await shop.change(image="shop:v2")
        lose_revisions(shop)
        shop.restart()
    await shop.settle()
    assert begins_runs(shop)
    await shop.change(suspend=True)
    assert not begins_runs(shop)
    before = len(shop.cluster.calls)
    await work(shop)
    assert not [each for each in shop.cluster.calls[before:] if each.verb in ("apply", "patch")]
    await shop.change(suspend=False)
    assert not begins_runs(shop), "it comes back with the content that the spec asks for"


@pytest.mark.parametrize("refused", [False, True], ids=["invalid", "refused"])
async def test_suspend_stops_a_schedule_that_is_invalid_or_refused_and_brings_it_back(refused: bool) -> None:
    shop = Shop({**ONE, "spec": NO_GATE})
    await shop.settle()
    if refused:
        no = errors.InvalidError("image policy: denied the request")
        shop.cluster.incidents.append(Incident("apply", "CronJob", error=no, times=float("inf")))
    else:
        await shop.change(schedules={"nightly": {"resources": UNFIT}})
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"suspend": True}})
    await work(shop)
    assert not begins_runs(shop)
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"suspend": False}})
    await work(shop)
    assert begins_runs(shop)
    said = [
        each for each in shop.cluster.notices if each.reason == "DriftRepaired" or "declared" in each.note
    ]
    assert not said


@pytest.mark.parametrize("named", [True, False], ids=["named", "not named"])
async def test_suspend_reaches_orphans_whose_content_is_lost(named: bool) -> None:
    shop = Shop()
    await shop.settle()
    await shop.finish()
    shop.orphan()
    if not named:
        nothing: Manifest = {"metadata": {"annotations": {naming.CONTENT_ANNOTATION: None}}}
        for name in shop.counts():
            shop.cluster.merge("Deployment", "default", name, nothing)
    again: Manifest = {**ONE, "spec": {**ONE["spec"], "image": "shop:v2", "suspend": True}}
    shop.cluster.put(naming.KIND, stored(again, uid="uid-2"))
    shop.restart()
    await shop.settle()
    assert shop.images() == BOTH_V1
    assert shop.counts() == {"shop-web": 0, "shop-worker": 0}


HPA: Manifest = {
    "metadata": {"name": "web"},
    "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop-web"}},
}
BY_HPA = Owner("kube-controller-manager", "Update", "scale")


async def test_an_autoscaled_type_comes_back_with_the_autoscalers_count_though_its_content_was_lost() -> None:
    shop = Shop()
    await shop.settle()
    await shop.finish()
    await shop.change(image="shop:v2")
    lose_revisions(shop)
    shop.restart()
    shop.cluster.put("HorizontalPodAutoscaler", HPA)
    await shop.change(processes={"web": {"replicas": None}})
    shop.cluster.merge("Deployment", "default", "shop-web", {"spec": {"replicas": 7}}, by=BY_HPA)
    await shop.settle()
    await shop.change(suspend=True)
    assert shop.counts()["shop-web"] == 0
    await shop.change(suspend=False)
    await shop.change(image="shop:v1")
    assert shop.counts()["shop-web"] == 7
