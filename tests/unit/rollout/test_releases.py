"""A release command comes before any process changes: what is rendered meanwhile, and in which order."""

import copy

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_operator.api import naming
from formation_operator.api.content import content_of, digest_of
from formation_operator.api.reasons import ConditionType
from formation_operator.kube import errors
from tests.shared.builders import a_formation, ago
from tests.unit.fakes.releasing import (
    BOTH_V1,
    KEY,
    ONE,
    RELEASE,
    Shop,
    ended_at_each_call,
)

SUCCEEDS = "the release succeeds"
RUNS = {"running": {"startedAt": ago(0)}}


async def test_a_first_deploy_makes_nothing_before_its_release_has_succeeded() -> None:
    shop = Shop()
    await shop.settle()
    assert [job["metadata"]["name"] for job in shop.jobs()] == [shop.job]
    assert not shop.cluster.all("Deployment")
    assert not shop.cluster.all("Service")
    assert shop.revisions() == {"shop:v1": 0}
    assert shop.status["release"]["state"] == "Running"
    assert shop.status["summary"] == "release=running"
    assert shop.condition(ConditionType.RECONCILING)["reason"] == "Releasing"

    await shop.finish()
    assert shop.images() == BOTH_V1
    assert shop.revisions() == {"shop:v1": 1}
    assert shop.status["revision"]["number"] == 1
    assert shop.status["release"]["state"] == "Succeeded"
    assert shop.status["release"]["released"] == shop.digest


async def test_none_starts_for_a_formation_that_goes_although_the_watch_has_not_said_so() -> None:
    shop = Shop()
    await shop.settle()
    await shop.finish()
    shop.declare(image="shop:v2")
    shop.cluster.watchers.remove(shop.operator.see)
    shop.cluster.merge(naming.KIND, *KEY, {"metadata": {"deletionTimestamp": ago(0)}})
    await shop.operator.run(KEY)
    assert len(shop.jobs()) == 1
    assert shop.revisions() == {"shop:v1": 1}


async def test_what_was_stopped_stays_so_until_its_release_succeeds_though_others_scale_it() -> None:
    shop = Shop()
    await shop.settle()
    await shop.finish()
    stopped = "web=0:v1 worker=0:v1 release=Running"
    await shop.tell({"suspend": True}, {"image": "shop:v2"}, {"suspend": None}, stopped)
    shop.remove("Deployment", "shop-web")
    shop.scale(worker=5)
    await shop.settle()
    shop.shows(stopped)


def tries(shop: Shop) -> int:
    """Return how often the newest release may run, as far as it fails."""
    return int(shop.cluster.read("Job", "default", shop.job)["spec"]["backoffLimit"]) + 1


@pytest.mark.parametrize(
    ("limit", "first", "later"),
    [(None, 3, 1), (0, 1, 1), (5, 6, 6)],
    ids=["by default", "never again", "five"],
)
async def test_until_something_is_released_a_release_may_try_more_often_unless_it_says_so(
    limit: int | None, first: int, later: int
) -> None:
    shop = Shop(a_formation(**{**ONE["spec"], "release": {**RELEASE, "backoffLimit": limit}}))
    await shop.settle()
    assert tries(shop) == first
    await shop.tell("the release fails", "the operator restarts", {"image": "shop:v2"})
    assert tries(shop) == first
    await shop.tell("the release succeeds", {"image": "shop:v3"})
    assert tries(shop) == later
    await shop.tell("the release fails", "the operator restarts", {"image": "shop:v4"})
    assert tries(shop) == later


async def test_what_was_released_last_runs_on_with_todays_counts_until_the_release_has_succeeded(
    shop: Shop,
) -> None:
    await shop.change(image="shop:v2")
    assert (shop.status["release"]["running"], shop.status["image"]) == (shop.digest, "shop:v1")
    await shop.change(processes={"web": {"replicas": 3}})
    shop.scale(worker=5)
    await shop.tell("time passes", "web=3:v1 worker=5:v1 jobs=2", SUCCEEDS, "web=3:v2 worker=5:v2")
    assert shop.revisions() == {"shop:v1": 1, "shop:v2": 2}


async def test_of_a_release_that_has_failed_while_all_is_stopped_nobody_reads_that_anything_runs(
    shop: Shop,
) -> None:
    await shop.tell({"suspend": True}, {"image": "shop:v2"}, {"suspend": None}, "the release fails")
    shop.shows("web=0:v1 worker=0:v1 ready=ReleaseFailed")
    assert "keeps running" not in shop.condition()["message"]


async def test_of_a_release_that_has_failed_the_status_says_how_to_go_on(
    shop: Shop, snapshot: SnapshotAssertion
) -> None:
    await shop.change(image="shop:v2")
    await shop.finish("FailureTarget")
    failed = shop.condition(ConditionType.STALLED)
    assert failed["reason"] == "ReleaseFailed"
    assert failed["message"] == snapshot
    assert shop.status["summary"].startswith("release=failed ")
    await shop.change(image="shop:v1")
    assert not shop.is_stalled


async def test_a_failed_release_is_tried_again_once_its_job_is_deleted_and_its_pods_are_gone(
    shop: Shop,
) -> None:
    await shop.tell({"image": "shop:v2"}, "the release fails")
    shop.put_pod(RUNS, phase="Running", name="old")
    shop.remove("Job", shop.job)
    await shop.tell("time passes", "jobs=1")
    assert "old" in shop.status["release"]["message"]
    shop.remove("Pod")
    await shop.tell("time passes", "jobs=2", SUCCEEDS, "web=1:v2 worker=2:v2")


async def test_what_an_earlier_formation_has_left_running_names_what_was_released(shop: Shop) -> None:
    shop.orphan()
    shop.come_back()
    await shop.settle()
    assert shop.status["release"]["released"] == shop.digest
    assert shop.jobs() == []
    assert {raw["metadata"]["generation"] for raw in shop.cluster.all("Deployment")} == {1}
    assert shop.status["revision"]["number"] == 1

    shop.orphan()
    shop.come_back("uid-3", image="shop:v2")
    await shop.tell("time passes", "web=1:v1 worker=2:v1 jobs=1")


async def test_a_job_of_that_name_that_is_somebody_elses_is_never_touched(shop: Shop) -> None:
    spec = copy.deepcopy(shop.spec) | {"image": "shop:v2"}
    name = f"shop-release-{digest_of(content_of(spec))}"
    theirs = shop.cluster.put("Job", {"metadata": {"name": name}})
    await shop.change(image="shop:v2")
    assert shop.cluster.read("Job", "default", name) == theirs
    assert shop.condition(ConditionType.STALLED)["reason"] == "NameTaken"
    assert shop.images() == BOTH_V1


async def test_without_the_right_to_jobs_the_release_says_so_and_nothing_else_changes(shop: Shop) -> None:
    refused = errors.ForbiddenError("jobs.batch is forbidden")
    shop.refuse("apply", "Job", refused)
    await shop.tell({"image": "shop:v2", "processes": {"web": {"replicas": 4}}}, "web=4:v1 worker=2:v1")
    assert "manifests/rbac" in shop.condition(ConditionType.STALLED)["message"]
    shop.cluster.incidents.clear()
    await shop.tell("time passes", SUCCEEDS, "web=4:v2 worker=2:v2")


async def test_an_operator_that_ends_at_any_call_releases_once_and_changes_no_template_before() -> None:
    async for shop in ended_at_each_call({"image": "shop:v2"}, release=RELEASE):
        shop.shows("web=1:v1 worker=2:v1")
        await shop.tell("time passes", "web=1:v1 worker=2:v1 jobs=2", SUCCEEDS, "web=1:v2 worker=2:v2")
        assert shop.revisions() == {"shop:v1": 1, "shop:v2": 2}
