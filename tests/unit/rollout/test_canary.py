"""One new process of each changed type comes first; the others follow once all of these have stood."""

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_operator.api import naming
from formation_operator.kube import errors
from tests.shared import builders
from tests.shared.builders import a_process
from tests.unit.fakes import releasing
from tests.unit.fakes.releasing import RELEASE, Shop, Step, an_app

CANARY = {"seconds": 30}
V2 = {"image": "shop:v2"}


async def an_app_with(**spec: Any) -> Shop:
    """Return an app with canaries, which it declares unless somebody says otherwise, and that runs."""
    shop = await an_app(**{"canary": CANARY, **spec})
    await shop.stand()
    return shop


async def a_try(**spec: Any) -> Shop:
    """Return an app with canaries whose first version runs, and whose second is tried or released first."""
    shop = await an_app_with(**spec)
    await shop.change(**V2)
    return shop


def canary(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = shop.status.get("canary", {})
    return found


async def test_a_deploy_begins_with_one_new_process_of_each_type_and_changes_nothing_else() -> None:
    shop = await a_try()

    shop.shows("web=1:v1 worker=2:v1 web-canary=1:v2 worker-canary=1:v2 ready=CanaryTrying")
    assert canary(shop)["state"] == "Trying"
    assert shop.status["summary"].startswith("canary=trying ")
    assert shop.revisions() == {"shop:v1": 1, "shop:v2": 0}


TRIED = "web=1:v1 worker=2:v1 web-canary=1:v2 worker-canary=1:v2"
OVER = "web=1:v2 worker=2:v2 web-canary=none worker-canary=none"
STAND, SUCCEEDS = "all processes stand", "the release succeeds"
STOP, START = {"suspend": True}, {"suspend": None}
EXTRA, WITHOUT = {"processes": {"extra": a_process("/extra", replicas=1)}}, {"processes": {"extra": None}}
UNFIT = {"resources": releasing.UNFIT}
TYPES = {
    "web": a_process("/web", replicas=2, port=80),
    "clock": a_process("/clock", replicas=1, singleton=True),
    "idle": a_process("/idle", replicas=0),
    "gone": a_process("/gone", replicas=1),
}
STORIES: dict[str, tuple[dict[str, Any], list[Step]]] = {
    "a release command comes before the canaries": (
        {"release": RELEASE},
        [
            *(V2, "web=1:v1 web-canary=none release=Running", SUCCEEDS, TRIED),
            *("release=Succeeded ready=CanaryTrying", STAND, "web=1:v2 worker=2:v2"),
        ],
    ),
    "a release runs once although its Job is cleaned up during a try": (
        {"release": RELEASE},
        [
            *(V2, SUCCEEDS, "the Jobs are deleted", "the operator restarts", TRIED),
            *("jobs=0 release=Succeeded", STAND, "jobs=0 web=1:v2 worker=2:v2"),
        ],
    ),
    "a type that stays the same has none": (
        {},
        [{"processes": {"worker": {"command": ["/new"]}}}, "web-canary=none worker-canary=1:v1"],
    ),
    "singletons, types without a process and new types have none, and wait": (
        {"processes": TYPES},
        [
            {"processes": {"gone": None, "new": a_process("/new", replicas=1)}, **V2},
            "web=2:v1 clock=1:v1 idle=0:v1 gone=1:v1 new=none web-canary=1:v2 clock-canary=none",
            *(STAND, "web=2:v2 clock=1:v2 idle=0:v2 gone=none new=1:v2"),
        ],
    ),
    "a stop and a start bring back what ran, and one new process of each type": (
        {},
        [
            *(V2, STOP, "web=0:v1 worker=0:v1 web-canary=0:v2 worker-canary=0:v2", STAND),
            *("web=0:v1 worker=0:v1", START, TRIED, STAND, "web=1:v2 worker=2:v2"),
        ],
    ),
    "a version that was deployed while all was stopped comes up at once": (
        {"release": RELEASE},
        [STOP, V2, START, "web=0:v1 worker=0:v1 release=Running", SUCCEEDS, OVER],
    ),
    "only who says that no proof is needed ends a try": (
        {},
        [V2, {"canary": None}, TRIED, {"canary": {"seconds": 0}}, "web=1:v2 worker=2:v2", STAND, OVER],
    ),
    "a type that can't be rendered is said, and nothing else changes": (
        {},
        [
            {"processes": {"worker": UNFIT}, **V2},
            *(STAND, "web=1:v1 worker=2:v1 worker-canary=none ready=InvalidSpec"),
        ],
    ),
    "a type that can't be rendered stays until a version without it has stood": (
        {"canary": {"seconds": 0}},
        [
            *(EXTRA, {"processes": {"extra": UNFIT}}, {"canary": CANARY, **WITHOUT, **V2}),
            *("web=1:v1 extra=1:v1 web-canary=1:v2 ready=InvalidSpec", STAND, "web=1:v2 extra=none"),
        ],
    ),
    "a schedule with the name of a canary goes on": (
        {"schedules": {"web-canary": releasing.NIGHTLY}},
        [V2, "web-canary=on web=1:v1 worker-canary=1:v2"],
    ),
    "where what runs isn't kept each type has one, and counts work on": (
        {},
        [
            *("the revisions are lost", "the operator restarts", {"processes": {"web": {"command": ["/n"]}}}),
            "web=1:v1 worker=2:v1 web-canary=1:v1 worker-canary=1:v1 ready=CanaryTrying",
            *(STOP, "web=0:v1 worker=0:v1 web-canary=0:v1 worker-canary=0:v1"),
            {**START, "processes": {"worker": {"replicas": 4}}},
            *("web=1:v1 worker=4:v1 web-canary=1:v1 worker-canary=1:v1", V2),
            "web=1:v1 worker=4:v1 web-canary=1:v2 worker-canary=1:v2 ready=CanaryTrying",
            *(STAND, STAND, "web=1:v2 worker=4:v2 web-canary=none worker-canary=none ready=Running"),
        ],
    ),
}


@pytest.mark.parametrize(("spec", "story"), STORIES.values(), ids=STORIES)
async def test_what_runs_of_an_app_with_canaries(spec: dict[str, Any], story: list[Step]) -> None:
    shop = await an_app_with(**spec)
    await shop.tell(*story)


async def test_a_canary_makes_room_for_the_process_that_no_node_takes_beside_it() -> None:
    shop = await a_try()
    await shop.stand()
    for name in ("web", "worker"):
        made = shop.cluster.read("Deployment", "default", f"shop-{name}")
        seen = {"observedGeneration": made["metadata"]["generation"], "updatedReplicas": 1}
        shop.cluster.merge("Deployment", "default", f"shop-{name}", {"status": {**seen, "replicas": 3}})
    unscheduled = builders.condition("PodScheduled", status=False, reason="Unschedulable")
    pod = builders.a_pod(builders.a_container({}, ready=False), conditions=(unscheduled,))
    shop.cluster.put("Pod", pod)
    await shop.settle()
    shop.shows("web=1:v2 worker=2:v2 web-canary=1:v2 worker-canary=none")


async def test_going_back_removes_the_canaries_and_changes_nothing_else() -> None:
    shop = await a_try()
    await shop.stand(**{"web-canary": 0})
    before = len(shop.cluster.calls)
    await shop.change(image="shop:v1")

    shop.shows("web=1:v1 worker=2:v1 web-canary=none worker-canary=none ready=Running")
    wrote = {(each.verb, each.name) for each in shop.wrote(before) if each.kind == "Deployment"}
    assert wrote == {("delete", "shop-web-canary"), ("delete", "shop-worker-canary")}


async def test_paused_freezes_a_try() -> None:
    shop = await a_try()
    said = canary(shop)
    await shop.change(paused=True)
    await shop.stand()
    shop.shows("web=1:v1 web-canary=1:v2 ready=Paused")
    assert canary(shop) == said
    await shop.change(paused=None)
    shop.shows("web=1:v2")


async def test_a_canary_that_crashes_has_failed_and_the_message_has_the_cause_and_the_ways_out(
    snapshot: SnapshotAssertion,
) -> None:
    shop = await a_try()
    await shop.fail_a_try()

    shop.shows("web=1:v1 worker=2:v1 ready=CanaryFailed")
    assert shop.is_stalled
    assert canary(shop) == snapshot
    assert [each.note for each in shop.cluster.notices if "Canary" in each.reason] == snapshot


async def test_once_what_failed_stands_the_message_names_the_type_at_zero_that_the_deploy_waits_for() -> None:
    shop = await a_try()
    await shop.fail_a_try()
    await shop.change(processes={"web": {"replicas": 0}})
    assert "no database" in canary(shop)["message"]
    shop.remove("Pod")
    await shop.stand()
    shop.shows("web=0:v1 worker=2:v1 ready=CanaryFailed")
    assert "no database" not in canary(shop)["message"]
    assert canary(shop)["message"].startswith("web: its count is 0")
    await shop.change(processes={"web": {"replicas": 1}})
    await shop.stand()
    shop.shows("web=1:v2 worker=2:v2")


LATE = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "late"}
MADE = builders.condition("PodReadyToStartContainers")
PULLING = builders.waiting("ContainerCreating")


def place(shop: Shop, state: dict[str, Any] | None, *, node: str | None = "node-1") -> None:
    """Have the worker's canary have a Pod whose process isn't ready, or one that its node hasn't seen."""
    since, is_seen = -shop.time.seconds, state is not None
    conditions = builders.condition(
        "PodScheduled", status=node is not None, since=since, reason="Unschedulable"
    )
    pod = builders.a_pod(
        builders.a_container(state or {}, ready=False),
        labels={naming.TRACK_LABEL: naming.CANARY},
        conditions=(builders.condition("Ready", status=False, since=since), MADE)
        if is_seen
        else (conditions,),
        name=f"canary-{shop.time.seconds:.0f}",
        creationTimestamp=builders.ago(since),
    )
    pod["spec"]["nodeName"] = node
    pod["status"] |= {} if is_seen else {"containerStatuses": []}
    shop.remove("Pod")
    shop.cluster.put("Pod", pod)


async def pass_by(shop: Shop, seconds: float) -> None:
    """Have so much time go by, and the Deployment of the worker's canary be late by its own controller."""
    shop.time.seconds += seconds
    unready = {"readyReplicas": 0, "availableReplicas": 0, "conditions": [LATE]}
    shop.run_well()
    shop.cluster.merge("Deployment", "default", "shop-worker-canary", {"status": unready})
    await shop.settle()


@pytest.mark.parametrize(
    ("before", "then"),
    [("pulled", "pulled"), ("unscheduled", "unseen"), ("unscheduled", "pulled"), ("unscheduled", "started")],
)
async def test_a_canary_is_not_late_before_its_process_has_had_its_time(before: str, then: str) -> None:
    shop = await a_try()
    pods: dict[str, Any] = {
        "unscheduled": {"state": None, "node": None},
        "unseen": {"state": None},
        "pulled": {"state": PULLING},
        "started": {"state": builders.running(-690)},
    }
    place(shop, **pods[before])
    await pass_by(shop, 650)
    place(shop, **pods[then])
    await pass_by(shop, 50)
    shop.shows("web=1:v1 worker=2:v1")
    assert canary(shop)["state"] == "Trying"
    assert not shop.is_stalled

    place(shop, builders.running(-shop.time.seconds))
    await pass_by(shop, 580)
    shop.shows("ready=CanaryTrying")
    await pass_by(shop, 30)
    shop.shows("web=1:v1 worker=2:v1 ready=CanaryFailed")
    assert shop.is_stalled


async def test_a_canary_that_lacks_a_secret_is_late_all_the_same() -> None:
    shop = await a_try()
    place(shop, builders.waiting("CreateContainerConfigError", 'secret "db" not found'))
    await pass_by(shop, 650)
    shop.shows("web=1:v1 worker=2:v1 ready=CanaryFailed")
    assert "there is no Secret db" in canary(shop)["message"]


async def test_another_object_with_the_name_of_a_canary_is_left_alone_and_said() -> None:
    shop = await an_app_with()
    foreign = {"metadata": {"name": "shop-web-canary"}, "spec": shop.cluster.all("Deployment")[0]["spec"]}
    shop.cluster.put("Deployment", foreign)
    await shop.change(**V2)
    await shop.stand()
    shop.shows("web=1:v1 worker=2:v1 ready=NameTaken")
    assert "shop-web-canary exists" in canary(shop)["message"]
    assert "set spec.canary.seconds to 0" in canary(shop)["message"]
    assert shop.condition()["message"] == canary(shop)["message"]


async def test_a_canary_that_is_scaled_or_deleted_is_one_process_again(snapshot: SnapshotAssertion) -> None:
    shop = await a_try()
    shop.scale(**{"web-canary": 5})
    shop.remove("Deployment", "shop-worker-canary")
    await shop.settle()
    shop.shows("web-canary=1:v2 worker-canary=1:v2")
    (note,) = [each.note for each in shop.cluster.notices if each.reason == "DriftRepaired"]
    assert '"web-canary"' not in note, "no type has this name"
    assert note == snapshot


RENAMED = {"metadata": {"labels": {naming.COMPONENT_LABEL: "all"}}}


@pytest.mark.parametrize("spec", [{}, {"podTemplate": RENAMED}], ids=["as it is", "with a shared label"])
async def test_a_canary_is_a_process_of_its_type_but_for_its_track(spec: dict[str, Any]) -> None:
    shop = await an_app_with(disruptionBudget={}, **spec)
    before = len(shop.cluster.calls)
    await shop.change(**V2)
    own, tried = (labels_of(shop, each) for each in LABELLED[:2])
    assert own == {**tried, naming.TRACK_LABEL: naming.STABLE}
    assert tried == {**own, naming.TRACK_LABEL: naming.CANARY}
    assert selected(shop, "Service", "shop-web") == ["shop-web", "shop-web-canary"]
    assert selected(shop, "Deployment", "shop-web") == ["shop-web"]
    assert selected(shop, "PodDisruptionBudget", "shop-web") == ["shop-web"]
    assert selected(shop, "Deployment", "shop-web-canary") == ["shop-web-canary"]
    assert not [each for each in shop.wrote(before) if each.kind == "Service"], "its selector never changes"


LABELLED = ["shop-web", "shop-web-canary", "shop-worker", "shop-worker-canary"]


def labels_of(shop: Shop, deployment: str) -> dict[str, str]:
    """Return the labels of a Deployment's Pods."""
    found = shop.cluster.read("Deployment", "default", deployment)["spec"]["template"]["metadata"]["labels"]
    return {**found}


def selected(shop: Shop, kind: str, name: str) -> list[str]:
    """Return the Deployments whose Pods an object selects."""
    selector = shop.cluster.read(kind, "default", name)["spec"]["selector"]
    wanted = selector.get("matchLabels", selector).items()
    return [each for each in LABELLED if wanted <= labels_of(shop, each).items()]


@pytest.mark.parametrize(
    ("error", "reason"),
    [(errors.RefusedError("denied"), "Refused"), (errors.UnavailableError("exceeded quota"), "Retrying")],
    ids=["a policy", "a quota"],
)
async def test_canaries_that_nobody_has_declared_give_way_where_they_have_no_room_for_a_minute(
    error: errors.ClusterError, reason: str
) -> None:
    shop = await an_app_with(canary=None)
    shop.refuse("apply", "Deployment", error)
    await shop.change(**V2)
    shop.shows(f"web=1:v1 worker=2:v1 web-canary=none ready={reason}")
    for _ in range(10):
        await shop.settle()
    shop.cluster.incidents.clear()
    await shop.settle()
    shop.shows("web=1:v2 worker=2:v2")
    assert "CanarySkipped" in {each.reason for each in shop.cluster.notices}


@pytest.mark.parametrize("surge", [0, "0%"])
async def test_a_type_that_has_room_for_its_count_only_has_a_canary_only_if_somebody_declares_it(
    surge: Any,
) -> None:
    rolling = {"maxSurge": surge, "maxUnavailable": 1}
    types = {
        "web": a_process("/web", replicas=1, port=80),
        "worker": a_process(replicas=2, rollingUpdate=rolling),
    }
    for declared, beside in ((None, "none"), (CANARY, "1:v2")):
        shop = await an_app(canary=declared, processes=types)
        await shop.change(**V2)
        shop.shows(f"web-canary=1:v2 worker-canary={beside}")
