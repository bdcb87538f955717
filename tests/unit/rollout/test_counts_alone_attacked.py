"""Where nothing but counts can be written: `suspend` stops schedules, too, and writes end."""

import pytest

from tests.shared.builders import Manifest, a_process
from tests.unit.fakes.managed_fields import Owner
from tests.unit.fakes.releasing import (
    DENIED,
    NIGHTLY,
    RELEASE,
    UNFIT,
    Shop,
    Step,
    an_app,
)

LOST: tuple[Step, ...] = ({"image": "shop:v2"}, "the revisions are lost", "the operator restarts")
"""What has to happen so that the content of what runs isn't known."""


async def test_counts_of_restored_deployments_whose_content_is_lost_are_written_once(shop: Shop) -> None:
    await shop.tell(*LOST)
    nobodys: Manifest = {"metadata": {"managedFields": []}}
    for name in shop.counts():
        shop.cluster.merge("Deployment", "default", name, nobodys)
    await shop.change(suspend=True)
    shop.shows("web=0 worker=0")
    before = len(shop.cluster.calls)
    await shop.settle()
    assert not shop.wrote(before)


@pytest.mark.parametrize("refused", [False, True], ids=["invalid", "refused"])
async def test_suspend_stops_a_schedule_that_is_invalid_or_refused_and_brings_it_back(refused: bool) -> None:
    shop = await an_app(schedules={"nightly": NIGHTLY})
    if refused:
        shop.refuse("apply", "CronJob", DENIED)
    else:
        await shop.change(schedules={"nightly": {"resources": UNFIT}})
    await shop.tell({"suspend": True}, "nightly=off", {"suspend": False}, "nightly=on")
    assert not [each for each in shop.cluster.notices if "declared" in each.note]


@pytest.mark.parametrize("named", [True, False], ids=["named", "not named"])
async def test_suspend_reaches_orphans_whose_content_is_lost(named: bool) -> None:
    shop = await an_app(release=RELEASE, schedules={"nightly": NIGHTLY})
    shop.orphan()
    if not named:
        shop.forget_content()
    shop.come_back(image="shop:v2", suspend=True)
    await shop.tell("time passes", "web=0:v1 worker=0:v1 nightly=off")


HPA: Manifest = {
    "metadata": {"name": "web"},
    "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop-web"}},
}
BY_HPA = Owner("kube-controller-manager", "Update", "scale")


async def test_an_autoscaled_type_comes_back_with_the_autoscalers_count_though_its_content_was_lost(
    shop: Shop,
) -> None:
    await shop.tell(*LOST)
    shop.cluster.put("HorizontalPodAutoscaler", HPA)
    await shop.change(processes={"web": {"replicas": None}})
    shop.cluster.merge("Deployment", "default", "shop-web", {"spec": {"replicas": 7}}, by=BY_HPA)
    await shop.settle()
    await shop.tell({"suspend": True}, "web=0", {"suspend": False}, {"image": "shop:v1"}, "web=7:v1")


async def test_suspend_stops_a_schedule_whose_name_a_deployment_has_though_its_content_was_lost() -> None:
    report = {"report": a_process(replicas=1)}
    shop = await an_app(release=RELEASE, schedules={"nightly": NIGHTLY}, processes=report)
    shop.refuse("delete", "Deployment", DENIED)  # so one stays that is a type's no more
    await shop.tell(
        {"processes": {"report": None, "web": a_process(replicas=1)}, "schedules": {"report": NIGHTLY}},
        *(*LOST, "nightly=on", {"suspend": True}),
    )
    runs = {raw["metadata"]["name"]: raw["spec"]["suspend"] for raw in shop.cluster.all("CronJob")}
    assert runs == {"shop-nightly": True, "shop-report": True}
    assert shop.counts() == {"shop-report": 0, "shop-web": 0}
