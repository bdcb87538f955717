"""Where nothing but counts can be written: `suspend` stops schedules, too, and writes end."""

import pytest

from formation_operator.api import naming
from tests.builders import Manifest, stored
from tests.unit.fakes.managed_fields import Owner
from tests.unit.fakes.releasing import BOTH_V1, DENIED, ONE, UNFIT, Shop, lose_revisions


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
    assert not shop.wrote(before)


NIGHTLY: Manifest = {"schedule": "@daily", "command": ["/shop", "report"]}
WITH_A_SCHEDULE: Manifest = {**ONE, "spec": {**ONE["spec"], "schedules": {"nightly": NIGHTLY}}}
NO_GATE = {field: value for field, value in WITH_A_SCHEDULE["spec"].items() if field != "release"}


def begins_runs(shop: Shop) -> bool:
    [cron_job] = shop.cluster.all("CronJob")
    return not cron_job["spec"]["suspend"]


@pytest.mark.parametrize("refused", [False, True], ids=["invalid", "refused"])
async def test_suspend_stops_a_schedule_that_is_invalid_or_refused_and_brings_it_back(refused: bool) -> None:
    shop = Shop({**ONE, "spec": NO_GATE})
    await shop.settle()
    if refused:
        shop.refuse("apply", "CronJob", DENIED)
    else:
        await shop.change(schedules={"nightly": {"resources": UNFIT}})
    await shop.change(suspend=True)
    assert not begins_runs(shop)
    await shop.change(suspend=False)
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
