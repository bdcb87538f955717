"""A type that is autoscaled, in stories: whose the count is, and that no process stops when that changes."""

import contextlib
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_operator.kube.objects.kinds import HPA
from tests.shared.builders import Manifest, a_formation, a_process
from tests.unit.fakes import managed_fields, releasing
from tests.unit.fakes.autoscaled import BOUNDS, OURS, Shop
from tests.unit.fakes.cluster import Incident
from tests.unit.fakes.releasing import EndedError

SCALED: Manifest = {"autoscaling": BOUNDS}
BOTH: Manifest = {**SCALED, "replicas": 3}
FIRST: dict[str, Manifest] = {
    "plain": {},
    "singleton": {"singleton": True},
    **{f"replicas {count}": {"replicas": count} for count in (0, 4, 5)},
    "autoscaled": SCALED,
    "beside 3": BOTH,
    "beside 0": {**SCALED, "replicas": 0},
}
"""What the worker is at first: its autoscaling stands beside a count of 3, for example."""
TOLD = """
# The first count
it is minReplicas: autoscaled / worker=2 hpa=2..6 by=shop-worker said= events=
it is what is declared: beside 3 / worker=3 hpa=2..6 by=shop-worker said= events=
it is 1 at least: beside 0 / worker=2 hpa=2..6
of a suspended type: beside 3 / suspend / worker=0 resumes=3 / resume / worker=3 hpa=2..6
# Declared for a type that runs
over a count: replicas 4 / declared / worker=4 hpa=2..6 by=shop-worker events=
over a count of 0: replicas 0 / declared / worker=2 hpa=2..6
with fewer beside it: replicas 5 / declared + replicas 1 / worker=5 hpa=2..6
over a zero of others: plain / scaled to 0 / declared / worker=0 hpa=2..6 ready=Running
while suspended: plain / it sets 4 / suspend / declared / worker=0 hpa= resumes=4 / resume
  / worker=4 hpa=2..6
of a singleton: singleton / declared + several / worker=2 hpa=2..6
# Not declared any more
then the declared count applies: beside 3 / it sets 4 / undeclared / worker=3 hpa= by= events=Deleted
then the present one is kept: autoscaled / it sets 4 / undeclared / worker=4 hpa= by=
then it is suspended: beside 3 / it sets 4 / suspend / undeclared / worker=0 hpa= resumes=3 / resume
  / worker=3
then it is a singleton: autoscaled / it sets 4 / undeclared + singleton / worker=1 hpa=
and again at once: beside 3 / it sets 4 / undeclared + declared / worker=4 hpa=2..6 events=
with its type: beside 3 / it sets 4 / the type is removed / worker=0 hpa= events=Deployed,Deleted,Deleted
# Bounds and counts that change
bounds are no content: beside 3 / wider / worker=3 hpa=3..8 revisions=1 events=
bounds while suspended: beside 3 / it sets 4 / suspend / wider / worker=0 hpa=3..8 resumes=4 / resume
  / worker=4
bounds stay after a rollback: beside 3 / v2 + wider / v1 / hpa=3..8 revisions=2
a count that is not used: beside 3 / it sets 4 / replicas 5 / worker=4 hpa=2..6 events=ScaleNotHonoured
a scale request: beside 3 / scaled to 5 / worker=5 hpa=2..6 events=ScaleNotHonoured / v2 / worker=5
a scale request while suspended: beside 3 / suspend / scaled to 5 / worker=0 events=Suspended,DriftRepaired
a request, and then no autoscaler: beside 3 / scaled to 5 / undeclared / worker=3 hpa=
# Suspended
one that would start processes: autoscaled / to zero / hpa=2..6 / suspend / hpa= resumes=1 said= / resume
  / hpa=2..6
one that can't be deleted: autoscaled / deletion is refused / to zero / suspend
  / worker=0 hpa=2..6 ready=Refused / all is permitted / hpa=
an idle type: autoscaled / to zero / worker=0 hpa=2..6 ready=Running / v2 / worker=0
# Other autoscalers
another HPA: beside 3 / it sets 4 / another HPA comes
  / worker=4 hpa= by=another said=ScalingContended events=Deleted / another HPA goes
  / worker=4 hpa=2..6 by=shop-worker said=
a ScaledObject: beside 3 / it sets 4 / a ScaledObject comes
  / worker=4 hpa= by=ScaledObject/jobs said=ScalingContended / the ScaledObject goes / worker=4 hpa=2..6
another one while suspended: beside 3 / it sets 4 / suspend / another HPA comes / worker=0 hpa=
  / another HPA goes / hpa= resumes=4 / resume / worker=4 hpa=2..6
one of its name: replicas 4 / an HPA of the name comes / declared / worker=4 hpa= ready=NameTaken said=
  / the HPA is deleted / worker=4 hpa=2..6 ready=Running
# What others do to it
it is deleted: beside 3 / it sets 4 / the HPA is deleted / worker=4 hpa=2..6 events=Recreated
it is changed: beside 3 / the HPA is changed / worker=3 hpa=2..6 events=DriftRepaired
it is orphaned: beside 3 / it sets 4 / the HPA is orphaned / worker=4 hpa=2..6 events=Adopted,DriftRepaired
its Deployment is deleted: beside 3 / it sets 4 / the Deployment is deleted / worker=4 hpa=2..6
it can't be deleted: beside 3 / it sets 4 / deletion is refused / undeclared
  / worker=4 hpa=2..6 ready=Refused said= / all is permitted / worker=3 hpa=
it can't be made: replicas 4 / creation is refused / declared / worker=4 hpa= ready=Refused
  / all is permitted / worker=4 hpa=2..6
# What can't be written, or isn't known
paused: beside 3 / pause / undeclared / it sets 5 / worker=5 hpa=2..6 / go on / worker=3 hpa=
unfit: beside 3 / it sets 4 / unfit / worker=4 hpa=2..6 ready=InvalidSpec / undeclared / worker=3 hpa=
unfit and suspended: beside 3 / it sets 4 / unfit / suspend / worker=0 hpa=2..6 / resume + fit / worker=4
a CRD that lacks it: autoscaled / it sets 4 / the CRD is older + undeclared
  / worker=4 hpa=2..6 ready=Outdated / replicas 5 / worker=4 hpa=2..6 / the CRD is newer
  / hpa=2..6 ready=Outdated / wider / hpa=3..8 ready=Running / undeclared / hpa=
such a CRD, and a suspension: autoscaled / it sets 4 / the CRD is older + undeclared + v2 / suspend
  / worker=0 hpa=2..6 resumes=4
such a CRD, and an HPA of one's own: plain / an HPA of the name comes / the CRD is older + v2
  / worker=3 revisions=2 ready=Running
# While a release command runs
bounds apply at once: beside 3 / gated + v2 / wider / hpa=3..8 jobs=1 / the release succeeds
  / hpa=3..8 revisions=2
it goes at once: beside 3 / it sets 4 / gated + v2 / undeclared / worker=3 hpa= jobs=1
it comes at once: replicas 4 / gated + v2 / declared / worker=4 hpa=2..6 / the release fails / hpa=2..6
it stays with its type: beside 3 / it sets 4 / gated + v2 + the type is removed / worker=4 hpa=2..6
  / the release succeeds / hpa=
it comes with its type: beside 3 / the type is removed / gated + v2 + the type comes / hpa=
  / the release succeeds / worker=2 hpa=2..6
it waits for a singleton: singleton / gated + v2 + several + declared / worker=1 hpa= / the release succeeds
  / worker=2 hpa=2..6 / v1 + singleton + undeclared / worker=2 hpa= / the release succeeds / worker=1
what was stopped stays: beside 3 / it sets 4 / gated + v2 + suspend / resume / worker=0 hpa=2..6
  / the release succeeds / worker=4
"""
"""Each story is what the worker is at first, and then steps: what happens, or what runs then."""
LINES = [line for line in TOLD.strip().replace("\n  /", " /").splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("restarts", [False, True], ids=["one operator", "several"])
@pytest.mark.parametrize("story", LINES, ids=[line.partition(":")[0] for line in LINES])
async def test_of_a_type_that_is_autoscaled(story: str, restarts: bool) -> None:
    first, *steps = story.partition(": ")[2].split(" / ")
    await Shop(**FIRST[first]).happen("time passes", *steps, restarts=restarts)


CHANGES: dict[str, tuple[Manifest, str, str, str]] = {
    "declared": ({"replicas": 4}, "time passes", "declared", "worker=4 hpa=2..6"),
    "undeclared": (BOTH, "it sets 4", "undeclared", "worker=3 hpa="),
    "suspended": (BOTH, "it sets 4", "suspend", "worker=0 hpa=2..6 resumes=4"),
    "resumed": (BOTH, "it sets 4 / suspend / the HPA is deleted", "resume", "worker=4 hpa=2..6"),
    "contended": (BOTH, "it sets 4", "another HPA comes", "worker=4 hpa="),
    "alone again": (BOTH, "it sets 4 / another HPA comes", "another HPA goes", "worker=4 hpa=2..6"),
}


@pytest.mark.parametrize("interrupted", ["ended before", "ended after", "scaled"])
@pytest.mark.parametrize("change", CHANGES)
async def test_no_process_stops_whenever_the_operator_ends_or_the_autoscaler_acts(
    change: str, interrupted: str
) -> None:
    first, steps, last, expected = CHANGES[change]
    calls, is_over = 0, False
    while not is_over:
        shop = Shop(**first)
        await shop.happen("time passes", *steps.split(" / "))
        before, ends = shop.count, Incident(error=EndedError(), carried_out=interrupted == "ended after")
        ends = Incident(meanwhile=shop.hpa_acts) if interrupted == "scaled" else ends
        shop.cluster.incidents += [*(Incident() for _ in range(calls)), ends]
        shop.begin(last)
        with contextlib.suppress(EndedError, BaseExceptionGroup):
            await shop.settle(due=True)
        is_over, calls = bool(shop.cluster.incidents), calls + 1
        shop.cluster.incidents.clear()
        shop.restart()
        await shop.rest()
        shop.never_below(before)
        shop.shows(expected if interrupted != "scaled" else expected.split()[1])
    assert calls > 2


async def test_its_fields_are_passed_through_and_the_first_count_is_its_lowest(
    snapshot: SnapshotAssertion,
) -> None:
    own = {"container": "process", "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
    metrics = [
        {"type": "ContainerResource", "containerResource": own},
        {"type": "ContainerResource", "containerResource": {**own, "container": "proxy"}},
    ]
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 600}}
    for more in ({}, {"metrics": metrics, "behavior": behavior}):
        shop = Shop(autoscaling={"minReplicas": 3, "maxReplicas": 6, **more})
        await shop.happen("time passes")
        assert shop.had[0] == 3
        assert shop.cluster.read(HPA, *OURS)["spec"] == snapshot


@pytest.mark.parametrize(
    ("pod", "own", "follows"),
    [
        ({"requests": {"cpu": "1"}}, {}, "Resource"),
        ({"limits": {"cpu": "1"}}, {"requests": {"memory": "1Gi"}}, "Resource"),
        ({"requests": {"cpu": "1"}}, {"limits": {"cpu": "1"}}, "ContainerResource"),
        ({"requests": {"memory": "1Gi"}}, {}, "ContainerResource"),
        ({}, {}, "ContainerResource"),
    ],
    ids=["a request", "a limit", "also by the container", "of memory", "nowhere"],
)
async def test_the_count_follows_the_whole_pod_where_only_that_requests_cpu(
    pod: Manifest, own: Manifest, follows: str
) -> None:
    shop = Shop(autoscaling=BOUNDS, resources=own, podTemplate={"spec": {"resources": pod}})
    await shop.happen("time passes")
    (metric,) = shop.cluster.read(HPA, *OURS)["spec"]["metrics"]
    assert metric["type"] == follows


async def test_a_formation_that_is_made_again_adopts_what_it_had() -> None:
    shop = Shop(**BOTH)
    await shop.happen("time passes", "it sets 4")
    shop.leave("Deployment", HPA)
    shop.remove("ControllerRevision")
    shop.come_back()
    await shop.rest()
    shop.never_below(4)
    shop.shows("worker=4 hpa=2..6 by=shop-worker events=Adopted,Adopted")


async def test_a_field_that_a_server_drops_is_said_once_and_is_no_drift(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = Shop(autoscaling={**BOUNDS, "behavior": {"scaleUp": {"tolerance": "0.05"}}})
    applied = managed_fields.applied

    def dropping(*arguments: Any, **how: Any) -> Manifest:
        after = applied(*arguments, **how)  # it names who manages the field all the same
        after.get("spec", {}).pop("behavior", None)
        return after

    monkeypatch.setattr(managed_fields, "applied", dropping)
    for _ in range(3):
        await shop.settle(due=True)
        shop.restart()
    shop.shows("worker=2 hpa=2..6 events=FieldsDropped ready=Running")


async def test_what_is_said_about_it(snapshot: SnapshotAssertion) -> None:
    said = dict[str, Any]()
    for story in ("scaled to 5", "replicas 5", "another HPA comes", "undeclared", "to zero / suspend"):
        shop = Shop(**BOTH)
        await shop.happen("time passes", *story.split(" / "))
        conditions = {each["type"]: each["message"] for each in shop.status["conditions"]}
        note = shop.status["processes"]["worker"].get("message")
        said[story] = conditions, note, [each.note for each in shop.cluster.notices]
    assert said == snapshot


async def test_while_an_hpa_scales_the_formation_web_has_the_count_that_it_writes() -> None:
    shop = releasing.Shop(a_formation(processes={"web": a_process("/web", replicas=3, **SCALED)}))
    await shop.settle()
    assert "shop-web" in {each["metadata"]["name"] for each in shop.cluster.all(HPA)}
    target = {"apiVersion": "formations.dev/v1", "kind": "Formation", "name": "shop"}
    shop.cluster.put(HPA, {"metadata": {"name": "whole"}, "spec": {"scaleTargetRef": target}})
    await shop.settle()
    shop.declare(processes={"web": {"replicas": 5}})
    await shop.settle()
    assert [each["metadata"]["name"] for each in shop.cluster.all(HPA)] == ["whole"]
    assert shop.cluster.read("Deployment", "default", "shop-web")["spec"]["replicas"] == 5
    assert "ScalingContended" in {each["type"] for each in shop.status["conditions"]}
    assert "ScaleNotHonoured" not in {each.reason for each in shop.cluster.notices}
