"""A release command comes before any process changes: what is rendered meanwhile, and in which order."""

import copy

import pytest

from formation_operator.api import naming
from formation_operator.api.content import content_of, digest_of
from formation_operator.api.reasons import ConditionType
from formation_operator.kube import errors
from tests.builders import a_formation, ago, stored
from tests.unit.fakes.releasing import (
    BOTH_V1,
    BOTH_V2,
    ONE,
    RELEASE,
    Ended,
    EndedError,
    Shop,
)


async def test_a_first_deploy_makes_nothing_before_its_release_has_succeeded() -> None:
    shop = Shop()
    await shop.settle()
    assert [job["metadata"]["name"] for job in shop.jobs()] == [f"shop-release-{shop.digest}"]
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


def tries(shop: Shop) -> int:
    """Return how often the newest release may run, as far as it fails."""
    [job] = [each for each in shop.jobs() if each["metadata"]["name"] == f"shop-release-{shop.digest}"]
    return int(job["spec"]["backoffLimit"]) + 1


async def test_until_something_is_released_a_release_may_try_three_times_and_a_later_one_once() -> None:
    shop = Shop()
    await shop.settle()
    assert tries(shop) == 3
    await shop.finish("FailureTarget", "Failed")
    shop.restart()
    await shop.change(image="shop:v2")
    assert tries(shop) == 3
    await shop.finish()
    await shop.change(image="shop:v3")
    assert tries(shop) == 1
    await shop.finish("FailureTarget", "Failed")
    shop.restart()
    await shop.change(image="shop:v4")
    assert tries(shop) == 1


@pytest.mark.parametrize("limit", [0, 1, 5])
async def test_what_a_release_says_of_its_tries_holds_for_the_first_one_too(limit: int) -> None:
    shop = Shop(a_formation(**{**ONE["spec"], "release": {**RELEASE, "backoffLimit": limit}}))
    await shop.settle()
    assert tries(shop) == limit + 1
    await shop.finish()
    await shop.change(image="shop:v2")
    assert tries(shop) == limit + 1


async def test_what_was_released_last_runs_on_with_todays_counts_until_the_release_has_succeeded(
    shop: Shop,
) -> None:
    await shop.change(image="shop:v2")
    assert shop.images() == BOTH_V1
    assert shop.status["release"]["running"] == shop.digest
    assert shop.status["image"] == "shop:v1"
    await shop.change(processes={"web": {"replicas": 3}})
    shop.scale(worker=5)
    await shop.settle()
    assert shop.counts() == {"shop-web": 3, "shop-worker": 5}
    assert shop.images() == BOTH_V1
    assert len(shop.jobs()) == 2
    await shop.finish()
    assert shop.images() == BOTH_V2
    assert shop.counts() == {"shop-web": 3, "shop-worker": 5}
    assert shop.revisions() == {"shop:v1": 1, "shop:v2": 2}


async def test_a_failed_release_changes_nothing_and_its_revert_is_ready_without_a_job(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    await shop.finish("FailureTarget")
    assert shop.images() == BOTH_V1
    failed = shop.condition(ConditionType.STALLED)
    assert failed["reason"] == "ReleaseFailed"
    assert "kubectl formation rollback shop" in failed["message"]
    assert f"kubectl delete job shop-release-{shop.digest}" in failed["message"]
    assert shop.status["summary"].startswith("release=failed ")
    assert len(shop.jobs()) == 2

    await shop.change(image="shop:v1")
    assert shop.images() == BOTH_V1
    assert not [each for each in shop.status["conditions"] if each["type"] == "Stalled"]
    assert len(shop.jobs()) == 2


async def test_anyone_who_comes_back_to_a_failed_content_has_it_released_anew(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    await shop.finish("FailureTarget", "Failed")
    [failed] = [job for job in shop.jobs() if "FailureTarget" in str(job.get("status"))]
    await shop.change(image="shop:v1")
    shop.restart()
    await shop.change(image="shop:v2")
    again = [job for job in shop.jobs() if job["metadata"]["name"] == failed["metadata"]["name"]]
    assert [job["metadata"]["uid"] for job in again] != [failed["metadata"]["uid"]]
    await shop.finish()
    assert shop.images() == BOTH_V2


async def test_a_failed_release_is_tried_again_once_its_job_is_deleted_and_its_pods_are_gone(
    shop: Shop,
) -> None:
    await shop.change(image="shop:v2")
    await shop.finish("FailureTarget", "Failed")
    labels = {naming.FORMATION_LABEL: "shop", naming.RELEASE_LABEL: shop.digest}
    pod = shop.cluster.put(
        "Pod", {"metadata": {"name": "old", "labels": labels}, "status": {"phase": "Running"}}
    )
    shop.remove("Job", f"shop-release-{shop.digest}")
    await shop.settle()
    assert len(shop.jobs()) == 1
    assert "old" in shop.status["release"]["message"]
    shop.remove("Pod", pod["metadata"]["name"])
    await shop.settle()
    assert len(shop.jobs()) == 2
    await shop.finish()
    assert shop.images() == BOTH_V2


async def test_the_content_of_a_release_that_has_started_is_rolled_out_before_the_newest_is_released(
    shop: Shop,
) -> None:
    await shop.change(image="shop:v2")
    labels = {naming.FORMATION_LABEL: "shop", naming.RELEASE_LABEL: shop.digest}
    state = {"running": {"startedAt": ago(0)}}
    running = {"phase": "Running", "containerStatuses": [{"name": "release", "state": state}]}
    shop.cluster.put("Pod", {"metadata": {"name": "v2", "labels": labels}, "status": running})
    await shop.change(image="shop:v3")
    await shop.change(image="shop:v4")
    assert len(shop.jobs()) == 2
    assert shop.images() == BOTH_V1
    shop.remove("Pod", "v2")
    await shop.finish()
    assert shop.images() == BOTH_V2
    assert shop.revisions()["shop:v2"] == 2
    assert f"shop-release-{shop.digest}" in {job["metadata"]["name"] for job in shop.jobs()}
    await shop.finish()
    assert set(shop.images().values()) == {"shop:v4"}
    assert "shop:v3" not in shop.revisions()


async def test_a_release_none_of_whose_containers_has_started_gives_way_to_a_newer_one(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    waiting = f"shop-release-{shop.digest}"
    await shop.change(image="shop:v3")
    names = {job["metadata"]["name"] for job in shop.jobs()}
    assert waiting not in names
    assert f"shop-release-{shop.digest}" in names


async def test_what_an_earlier_formation_has_left_running_names_what_was_released(shop: Shop) -> None:
    shop.orphan()
    shop.cluster.put(naming.KIND, stored(ONE, uid="uid-2"))
    shop.restart()
    await shop.settle()
    assert shop.status["release"]["released"] == shop.digest
    assert shop.jobs() == []
    assert {raw["metadata"]["generation"] for raw in shop.cluster.all("Deployment")} == {1}
    assert shop.status["revision"]["number"] == 1

    shop.orphan()
    shop.cluster.put(naming.KIND, stored({**ONE, "spec": {**ONE["spec"], "image": "shop:v2"}}, uid="uid-3"))
    shop.restart()
    await shop.settle()
    assert len(shop.jobs()) == 1
    assert shop.images() == BOTH_V1


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
    await shop.change(image="shop:v2", processes={"web": {"replicas": 4}})
    assert "manifests/rbac" in shop.condition(ConditionType.STALLED)["message"]
    assert shop.counts()["shop-web"] == 4
    shop.cluster.incidents.clear()
    await shop.settle()
    await shop.finish()
    assert shop.images() == BOTH_V2


@pytest.mark.parametrize("after", [False, True], ids=["before a call", "after it"])
async def test_an_operator_that_ends_at_any_call_releases_once_and_changes_no_template_before(
    after: bool,
) -> None:
    calls = 0
    while True:
        shop = Shop()
        await shop.settle()
        await shop.finish()
        made = {job["metadata"]["uid"] for job in shop.jobs()}
        shop.declare(image="shop:v2")
        start = len(shop.cluster.calls)
        ended = Ended(shop, start + calls, after=after)
        for _ in range(8):
            shop.time.seconds += 2
            try:
                await shop.operator.work()
            except EndedError:
                shop.restart()
                ended.lift()
            assert shop.images() == BOTH_V1
        if not ended.happened:
            ended.lift()
        await shop.settle()
        new = [job for job in shop.jobs() if job["metadata"]["uid"] not in made]
        assert len(new) == 1
        assert shop.images() == BOTH_V1
        await shop.finish()
        assert shop.images() == BOTH_V2
        assert shop.revisions() == {"shop:v1": 1, "shop:v2": 2}
        if not ended.happened:
            assert calls > 4
            return
        calls += 1
