"""Which contents have run well: the status says it of the one that runs, and each revision of itself."""

from typing import Literal

import pytest

from formation_operator.api import naming
from formation_operator.kube import errors
from formation_operator.requeue import Lane, Requeue
from tests.shared import builders
from tests.unit.fakes import releasing
from tests.unit.fakes.cluster import Incident
from tests.unit.fakes.shop import KEY, REVISION, Shop


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
    await shop.next_leader()
    assert shop.ready_reason != "Running"
    assert shop.status["revision"]["ready"] is True
    await shop.change(image="shop:v2")
    assert shop.status["revision"] == {"name": shop.name, "number": 2}


async def test_the_report_is_due_again_when_the_minute_is_over(shop: Shop) -> None:
    shop.run_well()
    shop.time.seconds += 2
    first = await shop.operator.run(KEY)
    assert first.requeue == Requeue(Lane.REPORT, 60)
    shop.time.seconds += 40
    assert (await shop.operator.run(KEY)).requeue == Requeue(Lane.REPORT, 20)
    shop.time.seconds += 20
    assert (await shop.operator.run(KEY)).requeue is None
    assert shop.status["revision"]["ready"] is True


async def test_the_next_leader_begins_the_minute_anew_and_nobody_shortens_it_by_setting_the_clock(
    shop: Shop,
) -> None:
    await shop.stand()
    shop.time.seconds += 50
    shop.time.wrong = 3600
    await shop.next_leader()
    await shop.later(40)
    assert shop.status["revision"]["ready"] is False
    await shop.later(20)
    assert shop.status["revision"]["ready"] is True


async def test_it_costs_a_write_of_its_revision_and_one_more_of_the_status(shop: Shop) -> None:
    before, said = len(shop.cluster.calls), len(shop.cluster.asked("replace_status"))
    await shop.run_for_a_minute()
    await shop.run_for_a_minute()
    assert [each.verb for each in shop.calls(before)] == ["patch"]
    others = (each.verb for each in shop.cluster.calls[before:] if each.kind != REVISION)
    assert {*others} == {"replace_status", "notify"}
    assert len(shop.cluster.asked("replace_status")) == said + 2


@pytest.mark.parametrize("when", ["before the note", "after it"])
async def test_what_others_annotate_a_revision_with_stays(shop: Shop, when: str) -> None:
    if when == "before the note":
        shop.note("example.com/ticket", "OPS-1")
    await shop.run_for_a_minute()
    if when == "after it":
        shop.note("example.com/ticket", "OPS-1")
    await runs(shop, "shop:v2")
    await runs(shop, "shop:v1")
    (first,) = (raw for raw in shop.cluster.all(REVISION) if raw["data"]["image"] == "shop:v1")
    noted = first["metadata"]["annotations"]
    assert (noted["example.com/ticket"], noted[naming.REVISION_ANNOTATION]) == ("OPS-1", "3")
    assert shop.ran_well() == {"shop:v1", "shop:v2"}


async def test_what_runs_may_prove_itself_while_a_newer_content_waits_for_its_release() -> None:
    shop = releasing.Shop()
    await shop.settle()
    await shop.finish()
    first = shop.name
    await shop.stand()
    await shop.change(image="shop:v2")
    await shop.finish("FailureTarget", "Failed")
    await shop.later(60)
    assert shop.ready_reason == "ReleaseFailed"
    assert shop.status["revision"] == {"name": first, "number": 1, "ready": True}


async def test_each_revision_says_whether_it_has_run_well_and_a_deploy_asks_nothing_more(shop: Shop) -> None:
    await runs(shop, "shop:v1")
    await shop.change(image="shop:v2")
    await runs(shop, "shop:v3")
    before = len(shop.cluster.calls)
    await shop.change(image="shop:v4")
    assert [each.verb for each in shop.calls(before)] == ["get", "select", "apply"]
    assert shop.ran_well() == {"shop:v1", "shop:v3"}


async def test_a_content_that_comes_again_has_run_well_for_good(shop: Shop) -> None:
    await runs(shop, "shop:v1")
    await runs(shop, "shop:v2")
    before = len(shop.cluster.calls)
    await shop.change(image="shop:v1")
    assert [each.verb for each in shop.written(before)] == ["patch"]
    assert shop.ran_well() == {"shop:v1", "shop:v2"}
    assert "ready" not in shop.status["revision"], "not with that number"


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
    assert [str(each.end) for each in shop.log("shop:v1")] == ["Ran", "Failed"]
    shop.remove("Pod")
    await shop.run_for_a_minute()
    assert shop.ran_well() == {"shop:v1", "shop:v2"}
    assert [str(each.end) for each in shop.log("shop:v1")] == ["Ran", "Ran"]


async def test_what_has_run_for_a_minute_and_crashes_later_has_not_failed(shop: Shop) -> None:
    await runs(shop, "shop:v1")
    crash(shop)
    await shop.next_leader()
    assert shop.ran_well() == {"shop:v1"}


async def test_a_process_of_the_version_before_that_crashes_says_nothing_of_the_new_one(shop: Shop) -> None:
    await runs(shop, "shop:v1")
    await shop.change(image="shop:v2")
    crash(shop)
    await shop.settle()
    await shop.change(image="shop:v1")  # the Deployment's controller hasn't acted yet
    assert shop.ran_well() == {"shop:v1"}


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


@pytest.mark.parametrize("forged", ["", "web, worker", "x" * 100_000])
async def test_an_annotation_that_somebody_has_written_says_only_what_we_would_write(
    shop: Shop, forged: str
) -> None:
    shop.note(naming.RAN_WELL_ANNOTATION, forged)
    assert shop.ran_well() == set()
    await shop.run_for_a_minute()
    assert shop.ran_well() == {"shop:v1"}
