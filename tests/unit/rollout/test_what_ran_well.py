"""Which contents have run well: the status says it of the one that runs, and each revision of itself."""

from typing import Literal

import pytest

from formation_operator.kube import errors
from tests.shared import builders
from tests.unit.fakes.cluster import Incident
from tests.unit.fakes.shop import REVISION, Shop


@pytest.fixture
async def shop() -> Shop:
    here = Shop()
    await here.settle()
    return here


async def runs(shop: Shop, image: str) -> None:
    """Deploy an image, of which all processes run for a minute."""
    await shop.change(image=image)
    await shop.run_for_a_minute()


async def test_a_revision_is_ready_after_a_minute_and_stays_so_whatever_becomes_of_it(shop: Shop) -> None:
    assert shop.status["revision"] == {"name": shop.name, "number": 1}
    await shop.stand()
    assert shop.ready_reason == "Running"
    assert shop.status["revision"] == {"name": shop.name, "number": 1, "ready": False}
    await shop.later(60)
    assert shop.status["revision"] == {"name": shop.name, "number": 1, "ready": True}
    shop.run_well(web=0)
    shop.restart()
    await shop.settle()
    assert shop.ready_reason != "Running"
    assert shop.status["revision"]["ready"] is True
    await shop.change(image="shop:v2")
    assert shop.status["revision"] == {"name": shop.name, "number": 2}


def crash(shop: Shop) -> None:
    """Have the process of web crash."""
    shop.run_well(web=0)
    ended = builders.a_container(builders.ended(3, "no database"), "web", ready=False)
    shop.cluster.put("Pod", builders.a_pod(ended, name="shop-web-1"))


async def test_one_that_crashes_when_it_comes_again_has_failed_until_it_runs_for_a_minute(shop: Shop) -> None:
    await runs(shop, "shop:v1")
    await runs(shop, "shop:v2")
    await shop.change(image="shop:v1")
    assert shop.ran_well() == {"shop:v1", "shop:v2"}
    crash(shop)
    before = len(shop.cluster.calls)
    await shop.settle()
    await shop.settle()
    assert shop.ran_well() == {"shop:v2"}
    assert [each.verb for each in shop.calls(before)] == ["patch"], "once"
    assert [str(each.end) for each in shop.log()["shop:v1"]] == ["Ran", "Failed"]
    shop.remove("Pod")
    await shop.run_for_a_minute()
    assert shop.ran_well() == {"shop:v1", "shop:v2"}
    assert [str(each.end) for each in shop.log()["shop:v1"]] == ["Ran", "Ran"]


@pytest.mark.parametrize(("verb", "times"), [("get", 2), ("patch", 1)])
@pytest.mark.parametrize("error", [errors.UnavailableError("no"), errors.ForbiddenError("no")], ids=str)
async def test_what_can_not_be_noted_is_not_ready_yet_and_tried_again_after_a_minute(
    shop: Shop, verb: Literal["get", "patch"], times: int, error: errors.ClusterError
) -> None:
    shop.restart()  # so that the revision has to be read
    shop.cluster.incidents.append(Incident(verb, REVISION, error=error, times=times))
    await shop.run_for_a_minute()
    assert shop.status["revision"]["ready"] is False
    await shop.run_for_a_minute()
    assert (shop.status["revision"]["ready"], shop.ran_well()) == (True, {"shop:v1"})
