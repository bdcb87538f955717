"""Deploys under unlucky orders: what runs is never harmed, and `suspend` and counts always work."""

import asyncio
import dataclasses

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType
from formation_operator.kube import errors, port
from formation_operator.observe.cache import Cache
from formation_operator.observe.watched import FORMATIONS, WATCHED
from tests.shared.builders import Manifest, a_formation, a_process, ago
from tests.unit.fakes.managed_fields import Owner
from tests.unit.fakes.operator import Operator
from tests.unit.fakes.releasing import (
    BOTH_V1,
    DENIED,
    KEY,
    MORE,
    NIGHTLY,
    ONE,
    PULLED,
    RELEASE,
    UNFIT,
    Shop,
    Step,
    a_clock,
    an_app,
    ended_at_each_call,
    lose_revisions,
    strategy,
)

# Singletons


async def test_a_released_singleton_is_one_until_its_own_content_is_rolled_out() -> None:
    shop = await a_clock(RELEASE)
    await shop.change(image="shop:v2", processes={"clock": MORE})
    assert strategy(shop) == "Recreate"
    shop.scale(clock=4)
    await shop.settle()
    shop.shows("clock=1:v1")
    await shop.finish("FailureTarget")
    shop.shows("clock=1:v1")


# Suspension is a type's


@pytest.mark.parametrize("refused", [False, True], ids=["invalid", "refused"])
async def test_a_type_that_runs_is_never_stopped_because_another_could_not_be_resumed(
    shop: Shop, refused: bool
) -> None:
    await shop.change(suspend=True)
    if refused:
        shop.refuse("apply", "Deployment", DENIED, "shop-worker")
        shop.refuse("patch", "Deployment", DENIED, "shop-worker")
    else:
        await shop.change(processes={"worker": {"resources": UNFIT}})
    await shop.tell({"suspend": False}, "web=1")
    for change in ({"image": "shop:v2"}, {"image": "shop:v3"}):
        await shop.tell((change,), "web=1", "time passes", "web=1")


async def test_a_type_that_stays_at_zero_names_the_way_to_run_at_once(
    shop: Shop, snapshot: SnapshotAssertion
) -> None:
    await shop.change(suspend=True)
    await shop.change(image="shop:v2")
    await shop.change(suspend=False)
    assert shop.condition()["message"] == snapshot
    worker = shop.status["processes"]["worker"]
    assert (worker["state"], worker["resumeReplicas"]) == ("Suspended", 2)
    await shop.change(processes={"worker": {"replicas": 7}})
    assert shop.status["processes"]["worker"]["resumeReplicas"] == 7
    await shop.tell({"image": "shop:v1"}, "web=1 worker=7")


async def test_suspend_works_for_a_type_that_is_refused(shop: Shop) -> None:
    shop.refuse("apply", "Deployment", DENIED)
    await shop.tell({"suspend": True}, "web=0 worker=0")
    assert "denied" in shop.condition(ConditionType.STALLED)["message"]
    shop.cluster.incidents.clear()
    await shop.tell({"suspend": False}, "web=1 worker=2")
    assert not {each.reason for each in shop.cluster.notices} & {"ScaleHonoured", "ScaleOverruled"}


# What was released last


async def test_a_release_runs_before_any_process_where_nothing_but_revisions_is_left(shop: Shop) -> None:
    shop.leave("ControllerRevision")
    for kind in ("Deployment", "Service", "Job"):
        shop.remove(kind)
    shop.come_back()
    await shop.tell(
        "time passes", "web=none worker=none jobs=1", "the release succeeds", "web=1:v1 worker=2:v1"
    )


async def test_revisions_of_an_earlier_formation_are_adopted_without_a_number(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    await shop.finish()
    shop.leave("Deployment", "Service", "ControllerRevision")
    shop.come_back(image="shop:v3")
    await shop.tell("time passes", "web=1:v2 worker=2:v2", "the release succeeds", "web=1:v3 worker=2:v3")
    assert shop.revisions() == {"shop:v1": 0, "shop:v2": 0, "shop:v3": 3}
    owners = {raw["metadata"]["ownerReferences"][0]["uid"] for raw in shop.cluster.all("ControllerRevision")}
    assert owners == {"uid-2"}


@pytest.mark.parametrize("forged", [False, True], ids=["deleted", "forged"])
async def test_what_somebody_does_to_revisions_changes_nothing_that_runs(shop: Shop, forged: bool) -> None:
    await shop.tell({"image": "shop:v2"}, "the release succeeds")
    newest = f"shop-{shop.digest}"
    await shop.change(image="shop:v3")
    if forged:
        number = {"annotations": {naming.REVISION_ANNOTATION: "999999999"}}
        shop.forge("shop-evil", "uid-1", data={"image": "evil", "processes": {"web": {}}})
        shop.cluster.merge("ControllerRevision", "default", "shop-evil", {"metadata": number})
    else:
        shop.remove("ControllerRevision", newest)
    await shop.tell("the operator restarts", "web=1:v2", "the release succeeds", "web=1:v3")
    for version in (4, 5):
        await shop.tell({"image": f"shop:v{version}"}, "the release succeeds", f"web=1:v{version}")
    await shop.tell({"image": "shop:v4"}, "web=1:v4")


# A CRD older than the Formation


async def test_a_release_that_is_refused_is_tried_later_each_time_and_no_sooner_because_of_counts(
    shop: Shop,
) -> None:
    refused = errors.ForbiddenError("jobs.batch is forbidden")
    shop.refuse("apply", "Job", refused)
    shop.declare(image="shop:v2")
    tries, said = list[int](), set[str]()
    for second in range(33):
        before = len(shop.cluster.asked("apply", "Job"))
        shop.declare(processes={"web": {"replicas": second}})
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
    job = shop.job
    shop.put_pod(PULLED, created=created)
    kubelet_says(shop, "FailedMount", ago(500))
    kubelet_says(shop, "Pulling", ago(400))
    await shop.change(**newer)
    assert not shop.is_going(job)


@pytest.mark.parametrize("why", ["it has no Pod", "its volume can't be mounted", "its node is gone"])
async def test_a_release_that_can_not_start_gives_way_to_a_newer_one(shop: Shop, why: str) -> None:
    await shop.change(image="shop:v2")
    job = shop.job
    if why != "it has no Pod":
        shop.put_pod(PULLED, created=ago(60), **({"deletionTimestamp": ago(0)} if "gone" in why else {}))
    if "volume" in why:
        kubelet_says(shop, "Scheduled", ago(60))
        kubelet_says(shop, "FailedMount", ago(10))
    await shop.change(image="shop:v3")
    assert shop.is_going(job)


# What a deploy costs, and what it says of itself


async def test_a_content_that_changes_no_template_is_named_on_one_deployment_by_one_write(shop: Shop) -> None:
    before = len(shop.cluster.calls)
    await shop.change(schedules={"nightly": NIGHTLY})
    assert [each.name for each in shop.wrote(before) if each.kind == "Deployment"] == ["shop-web"]
    named = [
        raw["metadata"]["annotations"][naming.CONTENT_ANNOTATION].partition("-")[0]
        for raw in shop.cluster.all("Deployment")
    ]
    assert named == ["2", "1"]
    await shop.tell({"image": "shop:v2"}, "the release fails", "nightly=on")


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


async def test_a_type_that_was_removed_stays_so_whenever_the_operator_ends_and_the_next_release_fails() -> (
    None
):
    async for shop in ended_at_each_call({"processes": {"web": None}}, release=RELEASE):
        was_there = "shop-web" in shop.images()
        await shop.tell({"image": "shop:v2"}, "the release fails")
        assert was_there or "shop-web" not in shop.images(), "it came back"


# A CRD older than the Formation


async def test_a_spec_that_is_read_in_each_pass_is_not_rolled_out_once_the_crd_has_lost_its_release(
    shop: Shop,
) -> None:
    shop.cluster.watchers.clear()
    none_is_kept = [*WATCHED, dataclasses.replace(FORMATIONS, most=1)]
    shop.operator = Operator(shop.cluster, shop.time, Cache(watched=none_is_kept))
    await shop.tell({"image": "shop:v2"}, "the release fails", "the CRD is older")
    real = shop.cluster.read

    def pruned(kind: str, namespace: str, name: str) -> Manifest:
        """Return an object without what its schema doesn't know: its generation stays."""
        raw = real(kind, namespace, name)
        if kind == naming.KIND:
            raw["spec"].pop("release", None)
        return raw

    shop.cluster.read = pruned  # type: ignore[method-assign]
    await shop.settle()
    assert shop.images() == BOTH_V1
    assert shop.condition(ConditionType.OUTDATED)


# Reads that hang, and what is said


@pytest.mark.parametrize(
    ("verb", "kind", "change"),
    [
        ("patch", "Job", {"image": "shop:v1"}),
        ("patch", "Job", {"release": None}),
        ("select", "Job", {}),
        ("select", "Pod", {}),
    ],
    ids=["it is marked, back", "it is marked, no command", "Jobs are listed", "Pods are listed"],
)
async def test_no_pass_waits_for_a_request_about_jobs_or_their_pods_that_hangs(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, verb: str, kind: str, change: Manifest
) -> None:
    monkeypatch.setattr(port, "PATIENCE", 0.05)
    await shop.tell({"image": "shop:v2"}, "the release fails")
    if verb == "select":
        shop.remove("Job", shop.job)
    shop.refuse(verb, kind, hangs=1.0)
    shop.declare(**change)
    clock = asyncio.get_running_loop().time
    began = clock()
    await shop.operator.work()
    assert clock() - began < 0.5
    assert any((each.verb, each.kind) == (verb, kind) for each in shop.cluster.calls)


async def test_it_is_only_said_that_what_runs_is_not_kept_where_that_is_so(shop: Shop) -> None:
    await shop.tell({"image": "shop:v2"}, "the release succeeds", "the operator restarts")
    for verb in ("get", "select"):
        shop.refuse(verb, "ControllerRevision")
    await shop.tell({"image": "shop:v3", "processes": {"web": {"replicas": 4}}}, "web=4:v2 worker=2:v2")
    message = shop.condition()["message"]
    assert "can't read or write its revision" in message
    assert "isn't kept" not in message
    shop.cluster.incidents.clear()
    lose_revisions(shop)
    await shop.later(300)
    assert "isn't kept" in shop.condition()["message"]


# Where nothing but counts can be written: `suspend` stops schedules, too, and writes end.


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


# Singletons at zero, of a lost content, and types that become singletons: deploys under unlucky orders.


OFF = a_process("/clock", replicas=0, singleton=True)
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
    assert strategy(shop) == "RollingUpdate"
