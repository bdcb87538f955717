"""Deploys under more unlucky orders: schedules that wait, orphans, a leader that ends, and what is said."""

import asyncio
import contextlib
import dataclasses

import pytest

from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType
from formation_operator.kube import errors
from formation_operator.observe.cache import Cache
from formation_operator.observe.store import Share
from formation_operator.observe.watched import FORMATIONS, WATCHED
from formation_operator.release import revision_store
from tests.builders import Manifest, a_formation, a_process, stored
from tests.unit.facts import condition_of
from tests.unit.fakes.cluster import Incident
from tests.unit.fakes.operator import Operator
from tests.unit.fakes.releasing import (
    BOTH_V1,
    BOTH_V2,
    KEY,
    OLD,
    ONE,
    RELEASE,
    UNFIT,
    Ended,
    EndedError,
    Shop,
    lose_revisions,
)

NIGHTLY: Manifest = {"schedule": "@daily", "command": ["/shop", "report"]}
NO_ANSWER = errors.UnavailableError("the server doesn't answer")


@pytest.fixture
async def shop() -> Shop:
    """An app whose first release has succeeded."""
    return await an_app(ONE["spec"]["processes"])


async def an_app(processes: dict[str, Manifest], schedules: Manifest | None = None) -> Shop:
    """Return an app whose first release has succeeded."""
    found = Shop(
        a_formation(image="shop:v1", release=RELEASE, processes=processes, schedules=schedules or {})
    )
    await found.settle()
    await found.finish()
    return found


def beginning(shop: Shop) -> list[str]:
    """Return the CronJobs that begin runs."""
    return [raw["metadata"]["name"] for raw in shop.cluster.all("CronJob") if not raw["spec"]["suspend"]]


async def work(shop: Shop) -> None:
    for _ in range(4):
        shop.time.seconds += 2
        await shop.operator.work()


# Schedules


async def test_a_schedule_of_an_app_without_processes_comes_back_with_the_content_that_is_asked_for() -> None:
    shop = await an_app({"web": a_process("/web", replicas=0)}, schedules={"nightly": NIGHTLY})
    await shop.change(suspend=True)
    await shop.change(image="shop:v2")
    await shop.change(suspend=False)
    assert not beginning(shop)
    await shop.finish()
    assert beginning(shop) == ["shop-nightly"]


async def test_a_schedule_that_is_deleted_while_a_release_has_failed_begins_runs_again() -> None:
    shop = await an_app({"web": a_process("/web", replicas=0)}, schedules={"nightly": NIGHTLY})
    await shop.change(image="shop:v2")
    await shop.finish("FailureTarget", "Failed")
    shop.cluster.remove("CronJob", "default", "shop-nightly")
    await shop.settle()
    assert beginning(shop) == ["shop-nightly"]


async def test_suspend_reaches_a_schedule_without_an_owner_whose_content_is_lost() -> None:
    processes = {"web": a_process("/web", replicas=1)}
    shop = await an_app(processes, schedules={"nightly": NIGHTLY})
    shop.orphan()
    nobody: Manifest = {"metadata": {"ownerReferences": None}}
    shop.cluster.merge("CronJob", "default", "shop-nightly", nobody)
    schedules = {"nightly": NIGHTLY}
    again = a_formation(image="shop:v2", release=RELEASE, processes=processes, schedules=schedules)
    shop.cluster.put(naming.KIND, stored(again, uid="uid-2"))
    shop.restart()
    await shop.settle()
    assert beginning(shop) == ["shop-nightly"]
    await shop.change(suspend=True)
    assert not beginning(shop)


# What was released last


async def test_a_first_content_that_is_replaced_before_its_report_has_a_revision() -> None:
    shop = Shop(a_formation(image="shop:v1", processes=ONE["spec"]["processes"]))
    await shop.operator.work()
    await shop.change(image="shop:v2")
    assert shop.revisions() == {"shop:v1": 1, "shop:v2": 2}


async def test_a_content_is_named_on_a_deployment_that_can_be_rendered(shop: Shop) -> None:
    await shop.change(release=None, processes={"web": {"resources": UNFIT}})
    await shop.change(schedules={"nightly": NIGHTLY})
    annotations = shop.cluster.read("Deployment", "default", "shop-worker")["metadata"]["annotations"]
    assert annotations[naming.CONTENT_ANNOTATION] == f"3-{shop.digest}"


@pytest.mark.parametrize("after", [False, True], ids=["before a call", "after it"])
async def test_a_type_that_was_removed_stays_so_whenever_the_operator_ends_and_the_next_release_fails(
    after: bool,
) -> None:
    calls, happened = 0, True
    while happened:
        shop = await an_app(ONE["spec"]["processes"])
        shop.cluster.merge(naming.KIND, *KEY, {"spec": {"processes": {"web": None}}})
        ended = Ended(shop, len(shop.cluster.calls) + calls, after=after)
        with contextlib.suppress(EndedError, BaseExceptionGroup):
            await work(shop)
        ended.lift()
        happened, was_there = ended.happened, "shop-web" in shop.images()
        shop.cluster.merge(naming.KIND, *KEY, {"spec": {"image": "shop:v2"}})
        shop.restart()
        await shop.settle()
        await shop.finish("FailureTarget", "Failed")
        assert was_there or "shop-web" not in shop.images(), f"it came back after call {calls}"
        calls += 1
    assert calls > 4


# A CRD older than the Formation


async def test_a_spec_that_is_read_in_each_pass_is_not_rolled_out_once_the_crd_has_lost_its_release(
    shop: Shop,
) -> None:
    shop.cluster.watchers.clear()
    none_is_kept = [*WATCHED, dataclasses.replace(FORMATIONS, share=Share(1))]
    shop.operator = Operator(shop.cluster, shop.time, Cache(watched=none_is_kept))
    await shop.change(image="shop:v2")
    await shop.finish("FailureTarget", "Failed")
    shop.cluster.spec_schema = OLD
    real = shop.cluster.read

    def pruned(kind: str, namespace: str, name: str) -> Manifest:
        """Return an object without what its schema doesn't know: its generation stays."""
        raw = real(kind, namespace, name)
        if kind == naming.KIND:
            raw["spec"].pop("release", None)
        return raw

    shop.cluster.read = pruned  # type: ignore[method-assign]
    await work(shop)
    assert shop.images() == BOTH_V1
    assert condition_of(shop.status, ConditionType.OUTDATED)


# Reads that hang, and what is said


@pytest.mark.parametrize("change", [{"image": "shop:v1"}, {"release": None}], ids=["back", "no command"])
async def test_no_pass_waits_for_a_job_that_can_not_be_read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, change: Manifest
) -> None:
    monkeypatch.setattr(revision_store, "PATIENCE", 0.05)
    await shop.change(image="shop:v2")
    await shop.finish("FailureTarget", "Failed")
    shop.cluster.incidents.append(Incident("get", "Job", error=NO_ANSWER, hangs=1.0, times=float("inf")))
    shop.cluster.merge(naming.KIND, *KEY, {"spec": change})
    clock = asyncio.get_running_loop().time
    began = clock()
    await shop.operator.work()
    assert clock() - began < 0.5


async def test_an_api_server_that_answers_each_request_late_holds_up_no_release_for_ever(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revision_store, "PATIENCE", 0.2)
    shop.cluster.incidents.append(Incident(hangs=0.12, times=float("inf")))
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"image": "shop:v2"}})
    await work(shop)
    await shop.finish()
    await work(shop)
    assert shop.images() == BOTH_V2


async def test_it_is_only_said_that_what_runs_is_not_kept_where_that_is_so(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    await shop.finish()
    shop.restart()
    for verb in ("get", "select"):
        shop.cluster.incidents.append(
            Incident(verb, "ControllerRevision", error=NO_ANSWER, times=float("inf"))
        )
    shop.cluster.merge(
        naming.KIND, *KEY, {"spec": {"image": "shop:v3", "processes": {"web": {"replicas": 4}}}}
    )
    await work(shop)
    assert (shop.images(), shop.counts()["shop-web"]) == (BOTH_V2, 4)
    message = condition_of(shop.status, ConditionType.READY)["message"]
    assert "can't be read" in message
    assert "isn't kept" not in message
    shop.cluster.incidents.clear()
    lose_revisions(shop)
    shop.time.seconds += 300
    await work(shop)
    assert "isn't kept" in condition_of(shop.status, ConditionType.READY)["message"]
