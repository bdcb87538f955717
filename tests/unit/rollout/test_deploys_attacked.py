"""Deploys under unlucky orders: what runs is never harmed, and `suspend` and counts always work."""

import asyncio
import dataclasses

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType
from formation_operator.kube import errors
from formation_operator.observe.cache import Cache
from formation_operator.observe.watched import FORMATIONS, WATCHED
from tests.shared.builders import Manifest, a_process, ago
from tests.unit.fakes.operator import Operator
from tests.unit.fakes.releasing import (
    BOTH_V1,
    DENIED,
    KEY,
    MORE,
    PULLED,
    RELEASE,
    SLOW,
    UNFIT,
    Shop,
    a_clock,
    an_app,
    ended_at_each_call,
    lose_revisions,
    strategy,
)

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


# What was released last


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


@pytest.mark.usefixtures("impatient")
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
    shop: Shop, verb: str, kind: str, change: Manifest
) -> None:
    await shop.tell({"image": "shop:v2"}, "the release fails")
    if verb == "select":
        shop.remove("Job", shop.job)
    shop.refuse(verb, kind, hangs=SLOW)
    shop.declare(**change)
    clock = asyncio.get_running_loop().time
    began = clock()
    await shop.operator.work()
    assert clock() - began < SLOW / 2
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


# Singletons at zero, of a lost content, and types that become singletons: deploys under unlucky orders.


def counted(shop: Shop) -> list[int]:
    """Return a list that gets each count that the singleton's Deployment has from now on."""
    found: list[int] = []

    def see(kind: str, raw: Manifest, deleted: bool) -> None:
        if kind == "Deployment" and not deleted:
            found.append(raw["spec"]["replicas"])

    shop.cluster.watchers.append(see)
    return found


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
