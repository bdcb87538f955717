"""A type that is autoscaled, in stories: whose the count is, and that no process stops when that changes."""

from collections.abc import Callable
from typing import Any

import pytest

from formation_operator.kube import errors
from formation_operator.kube.objects.kinds import HPA, SCALED_OBJECT
from tests.builders import Manifest, a_formation, a_process, ago
from tests.unit.fakes import releasing
from tests.unit.fakes.cluster import Call
from tests.unit.fakes.managed_fields import Owner
from tests.unit.fakes.releasing import KEY, RELEASE, UNFIT
from tests.unit.fakes.shop import FIGURES, WRITES

OURS = ("default", "shop-worker")
BY_HPA = Owner("kube-controller-manager", "Update", "scale")
CONTROLLER = Owner("kube-controller-manager", "Update", "status")
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop-worker"}
USUAL = {"Ready", "Stalled", "Reconciling"}
Step = Manifest | str | tuple[Manifest | str, ...]


class Shop(releasing.Shop):
    """A Formation with one worker, whose autoscalers act at once."""

    def __init__(self, worker: Manifest, **spec: Any) -> None:
        super().__init__(a_formation(image="shop:v1", processes={"worker": worker}, **spec))
        self.cluster.absent.clear()
        self.had: list[int] = []
        """The counts that the worker has had since the last step."""
        self.restarts = False
        self.restart()

    def restart(self) -> None:
        """Have another operator take over, which remembers nothing."""
        super().restart()
        self.cluster.watchers.append(self._act)

    async def settle(self, *, due: bool = False) -> list[Call]:
        """Run the passes that are due, and return the requests."""
        before, pause = len(self.cluster.calls), 0.0 if due else None
        for _ in range(12):
            if KEY not in self.operator.due and pause is None:
                return self.cluster.calls[before:]
            self.time.seconds += pause or 0
            self.operator.due.pop(KEY, None)
            result = await self.operator.run(KEY)
            soon = result.requeue is not None and result.requeue.after <= 10
            pause = result.requeue.after if result.requeue and soon else None
        raise AssertionError("it never rests")

    def _act(self, kind: str, raw: Manifest, deleted: bool) -> None:
        """Do what each HPA does at once: keep a count within its bounds, unless that is zero."""
        if (kind, raw["metadata"]["name"]) == ("Deployment", "shop-worker") and not deleted:
            self.had.append(self.count)
            self._roll_out(raw)
        for each in self.cluster.all(HPA):
            scales = each["spec"]["scaleTargetRef"]["name"] == "shop-worker"
            low, high = each["spec"].get("minReplicas", 1), each["spec"]["maxReplicas"]
            if scales and self.count and not low <= self.count <= high:
                self.hpa_sets(max(low, min(high, self.count)))

    def _roll_out(self, raw: Manifest) -> None:
        """Have all of its processes run."""
        figures = dict.fromkeys(FIGURES, raw["spec"].get("replicas", 1))
        available = {"type": "Available", "status": "True", "lastTransitionTime": ago(0)}
        status = {"observedGeneration": raw["metadata"]["generation"], **figures, "conditions": [available]}
        self.cluster.merge("Deployment", *OURS, {"status": status}, by=CONTROLLER)

    def hpa_sets(self, count: int) -> None:
        """Have an HPA set the count."""
        self.cluster.merge("Deployment", *OURS, {"spec": {"replicas": count}}, by=BY_HPA)

    @property
    def count(self) -> int:
        """The count of the Deployment; 0 without one."""
        found = [raw for raw in self.cluster.all("Deployment") if raw["metadata"]["name"] == "shop-worker"]
        return int(found[0]["spec"].get("replicas", 1)) if found else 0

    def runs(self) -> dict[str, str]:
        """Return the count, the autoscaler of ours, and what is said."""
        ours = [raw for raw in self.cluster.all(HPA) if self._is_ours(raw)]
        bounds = [f"{raw['spec']['minReplicas']}..{raw['spec']['maxReplicas']}" for raw in ours]
        said = self.status.get("processes", {}).get("worker", {})
        types = [each["type"] for each in self.status.get("conditions", ()) if each["type"] not in USUAL]
        return {
            "worker": str(self.count),
            "hpa": ",".join(bounds) or "none",
            "by": said.get("replicasManagedBy", "none").removeprefix("HorizontalPodAutoscaler/"),
            "resumes": str(said.get("resumeReplicas")),
            "ready": str(self.condition().get("reason")),
            "said": ",".join(types) or "none",
            "events": ",".join(each.reason for each in self.cluster.notices) or "none",
            "jobs": str(len(self.jobs())),
            "revisions": str(len(self.revisions())),
        }

    def _is_ours(self, raw: Manifest) -> bool:
        return any(each["kind"] == "Formation" for each in raw["metadata"].get("ownerReferences", ()))

    async def tell(self, *steps: Step) -> None:
        """Have a story happen; after each step, nothing is written again, also by the next leader."""
        for step in steps:
            if isinstance(step, str) and step not in EVENTS:
                self.shows(step)
                continue
            before, since, said = self.count, len(self.cluster.calls), set(self.runs()["said"].split(","))
            self.had.clear()
            for each in step if isinstance(step, tuple) else (step,):
                EVENTS[each](self) if isinstance(each, str) else self.declare(**each)
            await self.settle()
            seen = [before, *self.had, self.count]
            assert min(seen) >= min(before, self.count), f"{step}: {seen}"
            self.time.seconds += 600
            await self.settle(due=True)  # what has run for some time is noted
            idle = await self.settle(due=True)
            if self.restarts:
                self.restart()
                idle += await self.settle()
            wrote = [
                (each.verb, each.kind, each.name) for each in idle if each.verb in (*WRITES, "replace_status")
            ]
            flashed = {
                each["type"]
                for call in self.cluster.calls[since:]
                if call.verb == "replace_status"
                for each in call.body["status"]["conditions"]
            }
            assert flashed - USUAL <= said | set(self.runs()["said"].split(",")), step
            assert not wrote or self.cluster.incidents, f"{step}: {wrote}"


def put(kind: str, name: str) -> Callable[[Shop], object]:
    def event(shop: Shop) -> None:
        spec = {"scaleTargetRef": TARGET, **({"minReplicas": 3, "maxReplicas": 9} if kind == HPA else {})}
        shop.cluster.put(kind, {"metadata": {"name": name}, "spec": spec})

    return event


def removed(kind: str, name: str) -> Callable[[Shop], object]:
    return lambda shop: shop.remove(kind, name)


def condition(type_: str, status: str = "True", **more: str) -> Callable[[Shop], object]:
    said = {"type": type_, "status": status, **more}
    return lambda shop: shop.cluster.merge(HPA, *OURS, {"status": {"conditions": [said]}})


def sets(count: int) -> Callable[[Shop], object]:
    return lambda shop: shop.hpa_sets(count)


def changed_by_hand(shop: Shop) -> None:
    shop.cluster.merge(HPA, *OURS, {"spec": {"maxReplicas": 3}})


def orphaned(shop: Shop) -> None:
    shop.cluster.merge(HPA, *OURS, {"metadata": {"ownerReferences": None}})


def refused(verb: str, error: errors.ClusterError) -> Callable[[Shop], object]:
    return lambda shop: shop.refuse(verb, HPA, error)


EVENTS: dict[str, Callable[[Any], object]] = {
    **releasing.EVENTS,
    "it sets 4": sets(4),
    "it sets 0": sets(0),
    "the worker is scaled to 5": lambda shop: shop.scale(worker=5),
    "the worker is scaled to 0": lambda shop: shop.scale(worker=0),
    "the HPA is deleted": removed(HPA, "shop-worker"),
    "it sets 5": sets(5),
    "the Deployment is deleted": removed("Deployment", "shop-worker"),
    "the HPA is changed": changed_by_hand,
    "the HPA is orphaned": orphaned,
    "the HPA has scaled to zero": condition("ScaledToZero"),
    "the HPA is at its maximum": condition("ScalingLimited", reason="TooManyReplicas"),
    "another HPA comes": put(HPA, "another"),
    "another HPA goes": removed(HPA, "another"),
    "a foreign HPA of the name comes": put(HPA, "shop-worker"),
    "a ScaledObject comes": put(SCALED_OBJECT, "jobs"),
    "the ScaledObject goes": removed(SCALED_OBJECT, "jobs"),
    "deletion is refused": refused("delete", errors.ForbiddenError("no")),
    "creation is refused": refused("apply", errors.ForbiddenError("exceeded quota")),
    "all is permitted": lambda shop: shop.cluster.incidents.clear(),
}


def worker(**fields: Any) -> Manifest:
    return {"processes": {"worker": fields}}


BOUNDS = {"minReplicas": 2, "maxReplicas": 6}
SCALES, WIDER = worker(autoscaling=BOUNDS), worker(autoscaling={"minReplicas": 3, "maxReplicas": 8})
ENDS = worker(autoscaling=None)
DOWN, UP = {"suspend": True}, {"suspend": False}

V2, V1 = {"image": "shop:v2"}, {"image": "shop:v1"}
SCALED: Manifest = {"autoscaling": BOUNDS}
BOTH: Manifest = {**SCALED, "replicas": 3}
ZERO = ("it sets 0", "the HPA has scaled to zero")
STORIES: dict[str, tuple[Manifest, list[Step]]] = {
    "a new type": (SCALED, ["worker=2 hpa=2..6 by=shop-worker said=none"]),
    "a new type with a count": (BOTH, ["worker=3 hpa=2..6 said=none"]),
    "a new type with a count of zero": ({**BOTH, "replicas": 0}, ["worker=2 hpa=2..6"]),
    "over replicas": ({"replicas": 4}, [SCALES, "worker=4 hpa=2..6 by=shop-worker"]),
    "over a zero": ({"replicas": 0}, [SCALES, "worker=2 hpa=2..6"]),
    "over nothing": ({}, [SCALES, "worker=2 hpa=2..6"]),
    "over more": ({"replicas": 9}, [SCALES, "worker=6 hpa=2..6"]),
    "over a zero of others": ({}, ["the worker is scaled to 0", SCALES, "worker=0 hpa=2..6"]),
    "ends with replicas": ({"replicas": 3}, [SCALES, "it sets 4", ENDS, "worker=3 hpa=none by=none"]),
    "ends without": ({}, [SCALES, "it sets 4", ENDS, "worker=4 hpa=none by=none"]),
    "twice": (
        {"replicas": 3},
        [SCALES, "it sets 4", ENDS, "worker=3", SCALES, "worker=3 hpa=2..6", ENDS, ENDS, "worker=3 hpa=none"],
    ),
    "ends and comes again in one step": (SCALED, ["it sets 4", (ENDS, SCALES), "worker=4 hpa=2..6"]),
    "replicas go with it": (
        BOTH,
        [
            "it sets 4",
            {"processes": {"worker": {"autoscaling": None, "replicas": None}}},
            "worker=4 hpa=none",
        ],
    ),
    "replicas change": (BOTH, ["it sets 4", worker(replicas=5), "worker=4 hpa=2..6"]),
    "wider": (SCALED, [WIDER, "worker=3 hpa=3..8 revisions=1"]),
    "suspended": (
        SCALED,
        [
            "it sets 4",
            DOWN,
            "worker=0 hpa=2..6 resumes=4",
            WIDER,
            "worker=0 hpa=3..8 resumes=4",
            UP,
            "worker=4 hpa=3..8",
        ],
    ),
    "declared while suspended": (
        {"replicas": 4},
        [DOWN, SCALES, "worker=0 hpa=none resumes=4", UP, "worker=4 hpa=2..6"],
    ),
    "declared while suspended 2": (
        {},
        ["it sets 4", DOWN, SCALES, "worker=0 hpa=none resumes=4", UP, "worker=4 hpa=2..6"],
    ),
    "ends while suspended": (
        BOTH,
        ["it sets 4", DOWN, ENDS, "worker=0 hpa=none resumes=3", UP, "worker=3 hpa=none"],
    ),
    "ends while suspended 2": (
        SCALED,
        ["it sets 4", DOWN, ENDS, "worker=0 hpa=none resumes=4", UP, "worker=4 hpa=none"],
    ),
    "created suspended": ({**BOTH}, [DOWN, "worker=0", UP, "worker=3 hpa=2..6"]),
    "suspended with scaled to zero": (SCALED, [ZERO, DOWN, "worker=0 hpa=none", UP, "worker=2 hpa=2..6"]),
    "idle": (SCALED, [ZERO, "worker=0 hpa=2..6 ready=Running"]),
    "another": (
        BOTH,
        [
            "it sets 4",
            "another HPA comes",
            "worker=4 hpa=none by=another said=ScalingContended",
            "another HPA goes",
            "worker=4 hpa=2..6 said=none by=shop-worker",
        ],
    ),
    "keda": (
        BOTH,
        [
            "it sets 4",
            "a ScaledObject comes",
            "worker=4 hpa=none by=ScaledObject/jobs said=ScalingContended",
            "the ScaledObject goes",
            "worker=4 hpa=2..6 said=none",
        ],
    ),
    "another suspended": (
        BOTH,
        [
            "it sets 4",
            DOWN,
            "another HPA comes",
            "worker=0 hpa=none",
            "another HPA goes",
            "worker=0 hpa=none resumes=4",
            UP,
            "worker=4 hpa=2..6",
        ],
    ),
    "foreign": (
        {},
        [
            "a foreign HPA of the name comes",
            "worker=3",
            SCALES,
            "worker=3 hpa=none ready=NameTaken said=none",
            "the HPA is deleted",
            "worker=3 hpa=2..6 ready=Running",
        ],
    ),
    "foreign over replicas": (
        {"replicas": 4},
        [
            "a foreign HPA of the name comes",
            SCALES,
            "worker=4 hpa=none ready=NameTaken",
            "the HPA is deleted",
            "worker=4 hpa=2..6",
        ],
    ),
    "deleted": (
        BOTH,
        ["it sets 4", "the HPA is deleted", "worker=4 hpa=2..6 events=Recreated ready=Running"],
    ),
    "deleted suspended": (
        BOTH,
        ["it sets 4", DOWN, "the HPA is deleted", "worker=0 hpa=none resumes=4", UP, "worker=4 hpa=2..6"],
    ),
    "changed": (BOTH, ["it sets 4", "the HPA is changed", "worker=3 hpa=2..6"]),
    "orphaned": (BOTH, ["it sets 4", "the HPA is orphaned", "worker=4 hpa=2..6"]),
    "deletion refused": (
        BOTH,
        [
            "it sets 4",
            "deletion is refused",
            ENDS,
            "worker=4 hpa=2..6 ready=Refused",
            "all is permitted",
            "worker=3 hpa=none",
        ],
    ),
    "creation refused": (
        {"replicas": 4},
        [
            "creation is refused",
            SCALES,
            "worker=4 hpa=none ready=Refused",
            "all is permitted",
            "worker=4 hpa=2..6",
        ],
    ),
    "scaled": (BOTH, ["the worker is scaled to 5", "worker=5 hpa=2..6 events=ScaleNotHonoured"]),
    "paused": (BOTH, ["it sets 4", {"paused": True, **ENDS}, "worker=4 hpa=2..6", "it sets 5", "worker=5"]),
    "type removed": (
        SCALED,
        ["it sets 4", {"processes": {"worker": None, "web": {"command": ["/web"]}}}, "worker=0 hpa=none"],
    ),
    "singleton": (
        SCALED,
        [
            "it sets 4",
            {"processes": {"worker": {"autoscaling": None, "singleton": True}}},
            "worker=1 hpa=none",
        ],
    ),
    "not renderable": (SCALED, ["it sets 4", worker(resources=UNFIT), "worker=4 hpa=2..6 ready=InvalidSpec"]),
    "not renderable and ends": (
        BOTH,
        ["it sets 4", worker(resources=UNFIT, autoscaling=None), "worker=3 hpa=none ready=InvalidSpec"],
    ),
    "not renderable and suspended": (
        BOTH,
        [
            "it sets 4",
            {**worker(resources=UNFIT), **DOWN},
            "worker=0 hpa=2..6 ready=InvalidSpec",
            {**UP, **worker(resources=None)},
            "worker=4",
        ],
    ),
    "pruned": (
        SCALED,
        [
            "it sets 4",
            ("the CRD is older", ENDS),
            "worker=4 hpa=2..6 ready=Outdated",
            worker(replicas=5),
            "worker=4 hpa=2..6 ready=Outdated",
            ("the CRD is newer", WIDER),
            "worker=4 hpa=3..8",
            ENDS,
            "hpa=none",
        ],
    ),
    "pruned with an image": (
        BOTH,
        [
            "it sets 4",
            ("the CRD is older", {**V2, **ENDS}),
            "worker=4 hpa=2..6 ready=Outdated",
            "the CRD is newer",
            "worker=4 hpa=2..6 ready=Outdated",
            SCALES,
            "hpa=2..6",
        ],
    ),
    "pruned and suspended": (
        SCALED,
        [
            "it sets 4",
            ("the CRD is older", ENDS),
            DOWN,
            "worker=0 hpa=2..6 resumes=4",
            UP,
            "worker=0",
            ("the CRD is newer", SCALES),
            "worker=4 hpa=2..6",
        ],
    ),
    "foreign and an older CRD": (
        {},
        ["a foreign HPA of the name comes", ("the CRD is older", V2), "worker=3 revisions=2 ready=Running"],
    ),
    "no singleton any more": (
        {"singleton": True},
        [worker(singleton=None, autoscaling=BOUNDS), "worker=2 hpa=2..6"],
    ),
    "unfit suspended": (SCALED, [(*ZERO, worker(resources=UNFIT)), DOWN, "worker=0 hpa=none"]),
    "the deployment is lost": (BOTH, ["it sets 4", "the Deployment is deleted", "worker=4 hpa=2..6"]),
}
GATED: dict[str, list[Step]] = {
    "bounds": [
        V2,
        WIDER,
        "worker=4 hpa=3..8 jobs=2 revisions=2",
        "the release succeeds",
        "worker=4 hpa=3..8 revisions=2",
    ],
    "ends": [V2, ENDS, "worker=4 hpa=none jobs=2", "the release succeeds", "worker=4 hpa=none"],
    "removed": [
        {**V2, "processes": {"worker": None, "web": {"command": ["/web"]}}},
        "worker=4 hpa=2..6",
        "the release succeeds",
        "worker=0 hpa=none",
    ],
    "removed, fails": [
        {**V2, "processes": {"worker": None, "web": {"command": ["/web"]}}},
        "worker=4 hpa=2..6",
        "the release fails",
        "worker=4 hpa=2..6",
        {**V1, "processes": {"worker": {"command": ["/shop", "worker"], "autoscaling": BOUNDS}}},
        "worker=4 hpa=2..6",
    ],
    "suspended": [
        {**V2, **DOWN},
        "worker=0 hpa=2..6",
        UP,
        "worker=0 hpa=2..6",
        "the release succeeds",
        "worker=4 hpa=2..6",
    ],
    "suspended twice": [{**V2, **DOWN}, WIDER, UP, "the release fails", "worker=0 hpa=3..8", V1, "worker=4"],
    "declared": [ENDS, {**V2, **SCALES}, "worker=4 hpa=2..6", "the release fails", "worker=4 hpa=2..6"],
    "new type": [
        {**V2, "processes": {"web": a_process("/web", autoscaling=BOUNDS)}},
        "web=none hpa=2..6",
        "the release succeeds",
        "hpa=2..6,2..6",
    ],
}


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("story", STORIES)
async def test_stories(story: str, restarts: bool) -> None:
    worker, steps = STORIES[story]
    shop = Shop(a_process(**worker))
    shop.restarts = restarts
    await shop.tell("time passes", *steps)


@pytest.mark.parametrize("restarts", [False, True])
async def test_single(restarts: bool) -> None:
    shop = Shop(a_process(singleton=True), release=RELEASE)
    shop.restarts = restarts
    await shop.tell(
        "time passes",
        "the release succeeds",
        {**V2, **worker(singleton=None, autoscaling=BOUNDS)},
        "worker=1 hpa=none",
        "the release succeeds",
        "worker=2 hpa=2..6",
    )
    await shop.tell({**V1, **worker(singleton=True, autoscaling=None)}, "hpa=none worker=1")
    await shop.tell({**V2, **worker(singleton=None, autoscaling=BOUNDS)}, "hpa=2..6 worker=2")
    await shop.tell(
        {"image": "shop:v3", **worker(singleton=True, autoscaling=None)},
        "hpa=none worker=2",
        "the release fails",
        "hpa=none worker=2",
        {**V2, **worker(singleton=None, autoscaling=BOUNDS)},
        "hpa=2..6 worker=2",
    )


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("story", GATED)
async def test_gated(story: str, restarts: bool) -> None:
    shop = Shop(a_process(**SCALED), release=RELEASE)
    shop.restarts = restarts
    await shop.tell(
        "time passes",
        "jobs=1 hpa=none worker=0",
        "the release succeeds",
        "worker=2 hpa=2..6",
        "it sets 4",
        *GATED[story],
    )


@pytest.mark.parametrize("first", [{}, SCALED], ids=["create", "update"])
async def test_what_the_api_server_drops_of_an_autoscaler_is_said_once(
    first: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(a_process(**first))
    for verb in ("create", "apply"):
        monkeypatch.setattr(shop.cluster, verb, dropping(getattr(shop.cluster, verb)))
    behavior = {"scaleUp": {"tolerance": "200m"}}
    await shop.tell("time passes", worker(autoscaling={**BOUNDS, "behavior": behavior}))
    shop.shows("hpa=2..6 events=FieldsDropped")
    shop.restart()
    await shop.tell("time passes", "hpa=2..6 events=FieldsDropped")


def dropping(write: Callable[..., Any]) -> Callable[..., Any]:
    """Return a write after which an autoscaler lacks its behavior."""

    async def writing(manifest: Manifest, **how: Any) -> Any:
        spec = {field: each for field, each in manifest.get("spec", {}).items() if field != "behavior"}
        return await write({**manifest, **({"spec": spec} if spec else {})}, **how)

    return writing
