"""Singletons at zero, of a lost content, and types that become singletons: deploys under unlucky orders."""

import pytest

from formation_operator.api import naming
from formation_operator.kube import errors
from tests.shared.builders import Manifest, a_process
from tests.unit.fakes.releasing import (
    DENIED,
    MORE,
    RELEASE,
    UNFIT,
    Shop,
    a_clock,
    an_app,
    lose_revisions,
    strategy,
)

OFF = a_process("/clock", replicas=0, singleton=True)
ONE_MAY_DO: Manifest = {"singleton": None}
WEB = a_process("/web", replicas=1)


def counted(shop: Shop) -> list[int]:
    """Return a list that gets each count that the singleton's Deployment has from now on."""
    found: list[int] = []

    def see(kind: str, raw: Manifest, deleted: bool) -> None:
        if kind == "Deployment" and not deleted:
            found.append(raw["spec"]["replicas"])

    shop.cluster.watchers.append(see)
    return found


@pytest.mark.parametrize("release", [None, RELEASE], ids=["without a release", "with one"])
@pytest.mark.parametrize("change", [None, {"replicas": None, "singleton": None}], ids=["removed", "omitted"])
async def test_a_singleton_at_zero_is_not_started_by_a_deploy_that_declares_no_count(
    release: Manifest | None, change: Manifest | None
) -> None:
    shop = await an_app({"clock": OFF, "web": WEB}, release=release)
    await shop.change(image="shop:v2", processes={"clock": change})
    assert not shop.counts().get("shop-clock")
    if release:
        await shop.finish("FailureTarget", "Failed")
        assert not shop.counts().get("shop-clock")


async def test_a_singleton_is_one_though_its_content_is_lost_and_its_deployment_names_none() -> None:
    shop = await a_clock(RELEASE)
    lose_revisions(shop)
    shop.restart()
    shop.forget_content()
    counts = counted(shop)
    await shop.change(image="shop:v2", processes={"clock": MORE})
    shop.run_well()
    await shop.tell("time passes", "clock=1")
    assert set(counts) <= {1}


async def test_the_count_of_what_was_a_singleton_lands_once_though_its_strategy_is_refused() -> None:
    shop = await a_clock(None)
    await shop.change(image="shop:v2", processes={"clock": MORE})
    shop.shows("clock=1")
    shop.refuse("apply", "Deployment", DENIED)
    counts = counted(shop)
    for _ in range(4):
        shop.run_well()
        await shop.settle()
    assert counts == sorted(counts)
    shop.shows("clock=3")


async def test_a_singletons_processes_end_first_though_its_count_is_undecided() -> None:
    shop = await a_clock(None)
    shop.refuse("patch", naming.KIND, errors.ForbiddenError("formations is forbidden"))
    shop.scale(clock=2)
    await shop.settle()
    await shop.change(image="shop:v2", processes={"clock": ONE_MAY_DO})
    assert (strategy(shop), shop.images()) == ("Recreate", {"shop-clock": "shop:v2"})


@pytest.mark.parametrize("refused", [False, True], ids=["invalid", "refused"])
async def test_a_count_of_one_that_comes_with_singleton_waits_while_its_content_can_not_be_written(
    refused: bool,
) -> None:
    shop = await an_app({"clock": a_process("/web", replicas=5)})
    clock: Manifest = {"singleton": True, "replicas": 1}
    if refused:
        shop.refuse("apply", "Deployment", DENIED)
    else:
        clock["resources"] = UNFIT
    await shop.tell({"processes": {"clock": clock}}, "clock=5", {"suspend": True}, "clock=0")


async def test_what_was_a_singleton_is_several_only_once_its_old_process_has_terminated() -> None:
    shop = await a_clock(None)
    await shop.change(image="shop:v2", processes={"clock": MORE})
    generation = shop.cluster.read("Deployment", "default", "shop-clock")["metadata"]["generation"]
    for ending, shown in ((1, "clock=1:v2"), (0, "clock=3:v2")):
        figures = {"observedGeneration": generation, "replicas": 0, "updatedReplicas": 0}
        status = {"status": {**figures, "terminatingReplicas": ending}}
        shop.cluster.merge("Deployment", "default", "shop-clock", status)
        await shop.settle()
        shop.shows(shown)
