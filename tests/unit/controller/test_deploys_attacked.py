"""Deploys under unlucky orders: what runs is never harmed, and `suspend` and counts always work."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType
from formation_operator.kube import errors
from tests.builders import Manifest, a_formation, a_process, ago, stored
from tests.unit.facts import condition_of
from tests.unit.fakes.cluster import Call, Incident
from tests.unit.fakes.objects import SCALE
from tests.unit.fakes.releasing import (
    BOTH_V1,
    BOTH_V2,
    KEY,
    MORE,
    OLD,
    ONE,
    RELEASE,
    UNFIT,
    Ended,
    EndedError,
    Shop,
    a_clock,
    lose_revisions,
    strategy,
)


def lose_status(shop: Shop) -> None:
    shop.cluster.merge(naming.KIND, *KEY, {"status": None})


# Singletons


async def test_a_released_singleton_is_one_until_its_own_content_is_rolled_out() -> None:
    shop = await a_clock(RELEASE)
    await shop.change(image="shop:v2", processes={"clock": MORE})
    assert (shop.counts(), strategy(shop), shop.images()) == (
        {"shop-clock": 1},
        "Recreate",
        {"shop-clock": "shop:v1"},
    )
    shop.cluster.merge("Deployment", "default", "shop-clock", {"spec": {"replicas": 4}}, by=SCALE)
    await shop.settle()
    assert shop.counts() == {"shop-clock": 1}
    await shop.finish("FailureTarget")
    assert shop.counts() == {"shop-clock": 1}


@pytest.mark.parametrize("release", [None, RELEASE], ids=["without a release", "with one"])
async def test_what_was_a_singleton_is_one_until_none_of_its_old_processes_is_left(
    release: Manifest | None,
) -> None:
    shop = await a_clock(release)
    await shop.change(image="shop:v2", processes={"clock": MORE})
    if release:
        await shop.finish()
    assert shop.images() == {"shop-clock": "shop:v2"}
    assert (shop.counts(), strategy(shop)) == ({"shop-clock": 1}, "Recreate")
    shop.run_well()
    await shop.settle()
    assert (shop.counts(), strategy(shop)) == ({"shop-clock": 3}, "RollingUpdate")
    before = len(shop.cluster.calls)
    await shop.settle()
    assert not [each for each in shop.cluster.calls[before:] if each.verb == "apply"]


async def test_what_only_stops_being_a_singleton_gets_its_count_without_another_template() -> None:
    shop = await a_clock(None)
    await shop.change(processes={"clock": MORE})
    shop.run_well()
    await shop.settle()
    assert (shop.counts(), strategy(shop)) == ({"shop-clock": 3}, "RollingUpdate")


async def test_a_count_of_one_that_comes_with_singleton_waits_with_it() -> None:
    web = a_process("/web", replicas=5)
    shop = Shop(a_formation(image="shop:v1", release=RELEASE, processes={"clock": web}))
    await shop.settle()
    await shop.finish()
    await shop.change(image="shop:v2", processes={"clock": {"singleton": True, "replicas": 1}})
    assert (shop.counts(), strategy(shop)) == ({"shop-clock": 5}, "RollingUpdate")
    await shop.finish()
    assert (shop.counts(), strategy(shop)) == ({"shop-clock": 1}, "Recreate")


# Suspension is a type's


@pytest.mark.parametrize("refused", [False, True], ids=["invalid", "refused"])
async def test_a_type_that_runs_is_never_stopped_because_another_could_not_be_resumed(
    shop: Shop, refused: bool
) -> None:
    await shop.change(suspend=True)
    if refused:
        no = errors.InvalidError("denied the request")
        shop.cluster.incidents.append(
            Incident("apply", "Deployment", "shop-worker", error=no, times=float("inf"))
        )
        shop.cluster.incidents.append(
            Incident("patch", "Deployment", "shop-worker", error=no, times=float("inf"))
        )
        shop.cluster.merge(naming.KIND, *KEY, {"spec": {"suspend": False}})
        for _ in range(4):
            shop.time.seconds += 2
            await shop.operator.work()
    else:
        await shop.change(processes={"worker": {"resources": UNFIT}})
        await shop.change(suspend=False)
    assert shop.counts()["shop-web"] == 1
    for change in ({"image": "shop:v2"}, {"image": "shop:v3"}):
        shop.cluster.merge(naming.KIND, *KEY, {"spec": change})
        for _ in range(4):
            shop.time.seconds += 2
            await shop.operator.work()
            assert shop.counts()["shop-web"] == 1


async def test_a_type_that_stays_at_zero_names_the_way_to_run_at_once(shop: Shop) -> None:
    await shop.change(suspend=True)
    await shop.change(image="shop:v2")
    await shop.change(suspend=False)
    assert shop.counts() == {"shop-web": 0, "shop-worker": 0}
    assert "kubectl formation rollback shop" in condition_of(shop.status, ConditionType.READY)["message"]
    assert shop.status["processes"]["worker"]["resumeReplicas"] == 2
    assert shop.status["processes"]["worker"]["state"] == "Suspended"
    await shop.change(processes={"worker": {"replicas": 7}})
    assert shop.status["processes"]["worker"]["resumeReplicas"] == 7
    await shop.change(image="shop:v1")
    assert shop.counts() == {"shop-web": 1, "shop-worker": 7}


async def test_suspend_works_for_a_type_that_is_invalid_or_refused(shop: Shop) -> None:
    await shop.change(processes={"worker": {"resources": UNFIT}})
    await shop.change(suspend=True)
    assert shop.counts() == {"shop-web": 0, "shop-worker": 0}
    await shop.change(suspend=False)
    assert shop.counts() == {"shop-web": 1, "shop-worker": 2}
    no = errors.InvalidError("image policy: denied the request")
    shop.cluster.incidents.append(Incident("apply", "Deployment", error=no, times=float("inf")))
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"suspend": True}})
    for _ in range(3):
        shop.time.seconds += 2
        await shop.operator.work()
    assert shop.counts() == {"shop-web": 0, "shop-worker": 0}
    assert "denied" in condition_of(shop.status, ConditionType.STALLED)["message"]
    shop.cluster.incidents.clear()
    await shop.change(processes={"worker": {"resources": None}})
    await shop.change(suspend=False)
    assert shop.counts() == {"shop-web": 1, "shop-worker": 2}
    said = {each.reason for each in shop.cluster.notices}
    assert not said & {"DriftRepaired", "ScaleHonoured", "ScaleOverruled"}


# What was released last


async def test_a_release_runs_before_any_process_where_nothing_but_revisions_is_left(shop: Shop) -> None:
    shop.cluster.remove(naming.KIND, *KEY)
    for kind in ("Deployment", "Service", "Job"):
        for raw in shop.cluster.all(kind):
            shop.cluster.remove(kind, "default", raw["metadata"]["name"])
    for raw in shop.cluster.all("ControllerRevision"):
        nobody: Manifest = {"metadata": {"ownerReferences": None}}
        shop.cluster.merge("ControllerRevision", "default", raw["metadata"]["name"], nobody)
    shop.cluster.put(naming.KIND, stored(ONE, uid="uid-2"))
    shop.restart()
    await shop.settle()
    assert not shop.cluster.all("Deployment")
    assert len(shop.jobs()) == 1
    await shop.finish()
    assert shop.images() == BOTH_V1


async def test_revisions_of_an_earlier_formation_are_adopted_without_a_number(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    await shop.finish()
    shop.cluster.remove(naming.KIND, *KEY)
    for kind in ("Deployment", "Service", "ControllerRevision"):
        for raw in shop.cluster.all(kind):
            nobody: Manifest = {"metadata": {"ownerReferences": None}}
            shop.cluster.merge(kind, "default", raw["metadata"]["name"], nobody)
    again = {**ONE, "spec": {**ONE["spec"], "image": "shop:v3"}}
    shop.cluster.put(naming.KIND, stored(again, uid="uid-2"))
    shop.restart()
    await shop.settle()
    assert shop.images() == BOTH_V2
    await shop.finish()
    assert set(shop.images().values()) == {"shop:v3"}
    assert shop.revisions() == {"shop:v1": 0, "shop:v2": 0, "shop:v3": 3}
    owners = {raw["metadata"]["ownerReferences"][0]["uid"] for raw in shop.cluster.all("ControllerRevision")}
    assert owners == {"uid-2"}


@pytest.mark.parametrize("lose", [lose_revisions, lose_status], ids=["revisions", "the status"])
async def test_during_a_failed_release_what_is_lost_keeps_no_count_back_and_nothing_goes_back(
    shop: Shop, lose: object
) -> None:
    await shop.change(image="shop:v2")
    await shop.finish()
    await shop.change(image="shop:v3")
    await shop.finish("FailureTarget", "Failed")
    assert callable(lose)
    lose(shop)
    shop.restart()
    await shop.change(processes={"web": {"replicas": 7}})
    assert shop.counts() == {"shop-web": 7, "shop-worker": 2}
    assert shop.images() == BOTH_V2
    await shop.change(suspend=True)
    assert shop.counts() == {"shop-web": 0, "shop-worker": 0}
    assert shop.images() == BOTH_V2


async def test_what_was_deployed_while_there_was_no_release_command_stays_though_no_status_says_so(
    shop: Shop,
) -> None:
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"release": None, "image": "shop:v5"}})
    shop.cluster.incidents.append(Incident("replace_status", error=EndedError(), times=1))
    with pytest.raises(EndedError):
        await shop.settle()
    assert set(shop.images().values()) == {"shop:v5"}
    shop.restart()
    await shop.change(release=RELEASE, image="shop:v6")
    assert set(shop.images().values()) == {"shop:v5"}


@pytest.mark.parametrize("forged", [False, True], ids=["deleted", "forged"])
async def test_what_somebody_does_to_revisions_changes_nothing_that_runs(shop: Shop, forged: bool) -> None:
    await shop.change(image="shop:v2")
    await shop.finish()
    newest = f"shop-{shop.digest}"
    await shop.change(image="shop:v3")
    if forged:
        number = {"annotations": {naming.REVISION_ANNOTATION: "999999999"}}
        shop.forge("shop-evil", "uid-1", data={"image": "evil", "processes": {"web": {}}})
        shop.cluster.merge("ControllerRevision", "default", "shop-evil", {"metadata": number})
    else:
        shop.cluster.remove("ControllerRevision", "default", newest)
    shop.restart()
    await shop.settle()
    assert shop.images() == BOTH_V2
    await shop.finish()
    assert set(shop.images().values()) == {"shop:v3"}
    for version in (4, 5):
        await shop.change(image=f"shop:v{version}")
        await shop.finish()
        assert set(shop.images().values()) == {f"shop:v{version}"}
    await shop.change(image="shop:v4")
    assert set(shop.images().values()) == {"shop:v4"}, "which was let through before"


# A CRD older than the Formation


@pytest.mark.parametrize("restarted", [False, True])
async def test_where_the_crd_has_lost_a_field_nothing_is_rolled_out_and_the_status_says_so(
    shop: Shop, restarted: bool
) -> None:
    await shop.change(schedules={"nightly": {"schedule": "@daily", "command": ["/shop", "report"]}})
    await shop.change(image="shop:v2")
    await shop.finish("FailureTarget", "Failed")
    shop.cluster.spec_schema = OLD
    if restarted:
        shop.restart()
    await shop.change(release=None, schedules=None, processes={"web": {"replicas": 4}})
    assert shop.images() == BOTH_V1
    assert shop.cluster.all("CronJob")
    outdated = condition_of(shop.status, ConditionType.OUTDATED)["message"]
    assert "spec.release" in outdated
    assert "spec.schedules" in outdated
    assert condition_of(shop.status, ConditionType.READY)["status"] == "False"
    shop.cluster.spec_schema = {"x-kubernetes-preserve-unknown-fields": True}
    shop.restart()
    await shop.settle()
    assert shop.images() == BOTH_V1, "the Formation has to be applied, too"


async def test_how_a_release_has_ended_still_counts_after_a_crd_had_lost_its_field(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    await shop.finish("FailureTarget", "Failed")
    release, jobs = shop.spec["release"], shop.jobs()
    shop.cluster.spec_schema = OLD
    await shop.change(release=None)
    assert shop.jobs() == jobs
    shop.cluster.spec_schema = {"x-kubernetes-preserve-unknown-fields": True}
    await shop.change(release=release)
    assert shop.jobs() == jobs, "the command that has failed doesn't run again by itself"
    assert shop.images() == BOTH_V1
    assert condition_of(shop.status, ConditionType.STALLED)["reason"] == "ReleaseFailed"


async def test_a_field_that_is_taken_away_under_a_crd_that_has_it_goes(shop: Shop) -> None:
    await shop.change(schedules={"nightly": {"schedule": "@daily", "command": ["/shop", "report"]}})
    await shop.change(schedules=None)
    shop.time.seconds += 10
    await shop.settle()
    assert not shop.cluster.all("CronJob")


async def test_a_release_that_is_refused_is_tried_later_each_time_and_no_sooner_because_of_counts(
    shop: Shop,
) -> None:
    refused = errors.ForbiddenError("jobs.batch is forbidden")
    shop.cluster.incidents.append(Incident("apply", "Job", error=refused, times=float("inf")))
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"image": "shop:v2"}})
    tries, said = list[int](), set[str]()
    for second in range(33):
        before = len(shop.cluster.asked("apply", "Job"))
        shop.cluster.merge(naming.KIND, *KEY, {"spec": {"processes": {"web": {"replicas": second}}}})
        result = await shop.operator.run(KEY)
        assert result.requeue is not None
        tries += [second] * (len(shop.cluster.asked("apply", "Job")) - before)
        said |= {shop.status["release"]["reason"]} if second > 2 else set()
        shop.time.seconds += 1
    assert tries == [0, 2, 6, 14, 30]
    assert said == {"Refused"}
    before = len(shop.cluster.asked("apply", "Job"))
    await shop.change(image="shop:v3")
    assert len(shop.cluster.asked("apply", "Job")) > before, "another content is tried at once"


# What starts is left alone


PULLED: Manifest = {"waiting": {"reason": "ContainerCreating"}}


def pod_of_release(shop: Shop, *, created: str, **metadata: str) -> Manifest:
    """Have the Pod of the release be on a node, where its image is pulled."""
    labels = {naming.FORMATION_LABEL: "shop", naming.RELEASE_LABEL: shop.digest}
    pod: Manifest = {
        "metadata": {
            "name": "pod",
            "uid": "of-pod",
            "labels": labels,
            "creationTimestamp": created,
            **metadata,
        },
        "spec": {"nodeName": "n1", "containers": [{"name": "release"}]},
        "status": {"phase": "Pending", "containerStatuses": [{"name": "release", "state": PULLED}]},
    }
    return shop.cluster.put("Pod", pod)


def kubelet_says(shop: Shop, reason: str, at: str) -> None:
    about = {"kind": "Pod", "uid": "of-pod"}
    kind = "Warning" if reason.startswith("Failed") else "Normal"
    said = {"regarding": about, "reason": reason, "type": kind, "note": "?", "deprecatedLastTimestamp": at}
    shop.cluster.put("Event", said)


NEWER: dict[str, Manifest] = {
    "a newer deploy": {"image": "shop:v3"},
    "going back": {"image": "shop:v1"},
    "a suspension": {"suspend": True},
}


@pytest.mark.parametrize("created", [ago(600), ago(-600)], ids=["an hour-long pull", "a clock that is ahead"])
@pytest.mark.parametrize("newer", NEWER.values(), ids=NEWER)
async def test_a_release_that_is_about_to_start_is_never_ended(
    shop: Shop, newer: Manifest, created: str
) -> None:
    await shop.change(image="shop:v2")
    job = shop.status["release"]["job"]
    pod_of_release(shop, created=created)
    kubelet_says(shop, "FailedMount", ago(500))
    kubelet_says(shop, "Pulling", ago(400))
    await shop.change(**newer)
    assert job in {
        each["metadata"]["name"] for each in shop.jobs() if not each["metadata"].get("deletionTimestamp")
    }


@pytest.mark.parametrize("gone", [False, True], ids=["its volume can't be mounted", "its node is gone"])
async def test_a_release_that_can_not_start_gives_way_to_a_newer_one(shop: Shop, gone: bool) -> None:
    await shop.change(image="shop:v2")
    job = shop.status["release"]["job"]
    pod_of_release(shop, created=ago(60), **({"deletionTimestamp": ago(0)} if gone else {}))
    if not gone:
        kubelet_says(shop, "Scheduled", ago(60))
        kubelet_says(shop, "FailedMount", ago(10))
    await shop.change(image="shop:v3")
    left = {each["metadata"]["name"]: each["metadata"] for each in shop.jobs()}
    assert "deletionTimestamp" in left.get(job, {"deletionTimestamp": ""})


# What a deploy costs, and what it says of itself


async def test_a_content_that_changes_no_template_is_named_on_one_deployment_by_one_write(shop: Shop) -> None:
    before = len(shop.cluster.calls)
    await shop.change(schedules={"nightly": {"schedule": "@daily", "command": ["/shop", "report"]}})
    written = [
        each for each in shop.cluster.calls[before:] if each.verb == "apply" and each.kind == "Deployment"
    ]
    assert [each.name for each in written] == ["shop-web"]
    named = [
        raw["metadata"]["annotations"][naming.CONTENT_ANNOTATION].partition("-")[0]
        for raw in shop.cluster.all("Deployment")
    ]
    assert named == ["2", "1"]
    await shop.change(image="shop:v2")
    await shop.finish("FailureTarget", "Failed")
    assert shop.cluster.all("CronJob"), "what was released last has it"


@pytest.mark.parametrize("after", [False, True], ids=["before a call", "after it"])
async def test_an_operator_that_ends_at_any_call_of_a_deploy_gives_each_content_one_number(
    after: bool,
) -> None:
    calls = 0
    while True:
        shop = Shop(a_formation(image="shop:v1", processes=ONE["spec"]["processes"]))
        await shop.settle()
        shop.cluster.merge(naming.KIND, *KEY, {"spec": {"image": "shop:v2"}})
        ended = Ended(shop, len(shop.cluster.calls) + calls, after=after)
        for _ in range(4):
            shop.time.seconds += 2
            try:
                await shop.operator.work()
            except (EndedError, BaseExceptionGroup):  # two writes at once
                shop.restart()
                ended.lift()
        if not ended.happened:
            ended.lift()
        await shop.settle()
        assert shop.images() == BOTH_V2
        assert shop.revisions() == {"shop:v1": 1, "shop:v2": 2}
        named = {
            raw["metadata"]["annotations"][naming.CONTENT_ANNOTATION]
            for raw in shop.cluster.all("Deployment")
        }
        assert named == {f"2-{shop.digest}"}
        if not ended.happened:
            assert calls > 4
            return
        calls += 1


async def test_an_outdated_crd_leaves_the_jobs_of_releases_as_they_are(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    await shop.finish("FailureTarget", "Failed")
    shop.cluster.spec_schema = OLD
    jobs = shop.jobs()
    await shop.change(release=None)
    assert shop.jobs() == jobs
    messages = set()
    for _ in range(3):
        shop.restart()
        await shop.settle()
        messages.add(condition_of(shop.status, ConditionType.READY)["message"])
    assert len(messages) == 1
    assert shop.images() == BOTH_V1


@pytest.mark.parametrize("verb", ["select", "get", "apply"])
async def test_requests_about_revisions_that_hang_hold_up_no_count_and_without_a_release_no_deploy(
    verb: str,
) -> None:
    shop = Shop(a_formation(image="shop:v1", processes=ONE["spec"]["processes"]))
    await shop.settle()

    real = shop.cluster._carry_out  # noqa: SLF001

    async def hangs(call: Call, answer: Callable[[], Any]) -> Any:
        if (call.verb, call.kind) == (verb, "ControllerRevision"):
            await asyncio.sleep(3600)
        return await real(call, answer)

    shop.cluster._carry_out = hangs  # type: ignore[method-assign]  # noqa: SLF001
    shop.cluster.merge(
        naming.KIND, *KEY, {"spec": {"image": "shop:v2", "processes": {"web": {"replicas": 4}}}}
    )
    async with asyncio.timeout(10):
        await shop.operator.work()
    assert (shop.images(), shop.counts()["shop-web"]) == (BOTH_V2, 4)


async def test_no_release_starts_for_a_formation_of_whose_end_no_watch_has_told_yet(shop: Shop) -> None:
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"image": "shop:v2"}})
    shop.cluster.watchers.clear()
    shop.cluster.remove(naming.KIND, *KEY)
    jobs = len(shop.jobs())
    for _ in range(3):
        shop.time.seconds += 10
        await shop.operator.work()
    assert len(shop.jobs()) == jobs
