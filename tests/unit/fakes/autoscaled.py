"""A Formation whose worker is autoscaled, in a cluster where autoscalers act at once."""

from collections.abc import Callable
from typing import Any

from formation_operator.kube import errors
from formation_operator.kube.objects.kinds import HPA, SCALED_OBJECT
from tests.shared.builders import Manifest, a_formation, a_process, ago
from tests.unit.fakes import releasing
from tests.unit.fakes.cluster import Call
from tests.unit.fakes.controllers import BY_HPA
from tests.unit.fakes.releasing import KEY, RELEASE, UNFIT
from tests.unit.fakes.shop import FIGURES, WRITES

OURS = ("default", "shop-worker")
CONTROLLER = BY_HPA._replace(subresource="status")
BOUNDS = {"minReplicas": 2, "maxReplicas": 6}
USUAL = {"Ready", "Stalled", "Reconciling"}
FOR_LONG = 600
TO_ZERO = {"type": "ScaledToZero", "status": "True"}


class Shop(releasing.Shop):
    """A Formation with one worker, and what autoscales that."""

    def __init__(self, **worker: Any) -> None:
        super().__init__(a_formation(image="shop:v1", processes={"worker": a_process(**worker)}))
        self.cluster.absent.clear()
        self.had: list[int] = []
        """The counts that the worker has had since the last step."""
        self.restart()

    def restart(self) -> None:
        """Have another operator take over, which remembers nothing."""
        super().restart()
        self.cluster.watchers.append(self._act)

    async def settle(self, *, due: bool = False) -> list[Call]:
        """Run the passes that are due, or one at least, and return the requests."""
        before, pause = len(self.cluster.calls), 0.0 if due else None
        for _ in range(12):
            if KEY not in self.operator.due and pause is None:
                return self.cluster.calls[before:]
            self.time.seconds += pause or 0
            self.operator.due.pop(KEY, None)
            requeue = (await self.operator.run(KEY)).requeue
            pause = requeue.after if requeue is not None and requeue.after <= 10 else None
        raise AssertionError("it never rests")

    async def rest(self) -> None:
        """Have all be written and noted; after that, nothing is written any more unless something fails."""
        for _ in range(3):
            await self.settle(due=True)
            self.time.seconds += FOR_LONG
        idle = [(each.verb, each.kind) for each in await self.settle(due=True)]
        wrote = [each for each in idle if each[0] in (*WRITES, "replace_status")]
        assert not wrote or self.cluster.incidents, wrote

    def _act(self, kind: str, raw: Manifest, deleted: bool) -> None:
        """Do what each HPA does at once: keep a count within its bounds, unless that is zero."""
        if (kind, raw["metadata"]["name"]) == ("Deployment", "shop-worker") and not deleted:
            self.had.append(self.count)
            figures = dict.fromkeys(FIGURES, self.count)
            available = {"type": "Available", "status": "True", "lastTransitionTime": ago(0)}
            about = {"observedGeneration": raw["metadata"]["generation"], "conditions": [available]}
            self.cluster.merge("Deployment", *OURS, {"status": {**figures, **about}}, by=CONTROLLER)
        for each in self.cluster.all(HPA):
            low, high = each["spec"]["minReplicas"], each["spec"]["maxReplicas"]
            if self.count and not low <= self.count <= high:
                self.hpa_sets(max(low, min(high, self.count)))

    def hpa_sets(self, count: int) -> None:
        """Have an HPA set the count."""
        self.cluster.merge("Deployment", *OURS, {"spec": {"replicas": count}}, by=BY_HPA)

    def hpa_acts(self) -> None:
        """Have the HPA of ours, if it is there, set another count."""
        if self.runs()["hpa"] and self.count:
            self.hpa_sets(5)

    def hpa_is(self, **part: Any) -> None:
        """Have somebody change the HPA of ours."""
        self.cluster.merge(HPA, *OURS, part)

    @property
    def count(self) -> int:
        """The count of the Deployment; 0 without one."""
        found = [raw for raw in self.cluster.all("Deployment") if raw["metadata"]["name"] == "shop-worker"]
        return int(found[0]["spec"].get("replicas", 1)) if found else 0

    @property
    def types(self) -> set[str]:
        """The types of conditions that are said."""
        return {str(each["type"]) for each in self.status.get("conditions", ())}

    def runs(self) -> dict[str, str]:
        """Return the count, the autoscaler of ours, and what is said."""
        about = [(raw["spec"], raw["metadata"].get("ownerReferences")) for raw in self.cluster.all(HPA)]
        said = self.status.get("processes", {}).get("worker", {})
        return {
            "worker": str(self.count),
            "hpa": ",".join(f"{hpa['minReplicas']}..{hpa['maxReplicas']}" for hpa, owned in about if owned),
            "by": said.get("replicasManagedBy", "").removeprefix("HorizontalPodAutoscaler/"),
            "resumes": str(said.get("resumeReplicas", "")),
            "ready": str(self.condition().get("reason")),
            "said": ",".join(self.types - USUAL),
            "events": ",".join(each.reason for each in self.cluster.notices if each.reason != "RolledOut"),
            "jobs": str(len(self.jobs())),
            "revisions": str(len(self.revisions())),
        }

    async def happen(self, *steps: str, restarts: bool = False) -> None:
        """Have a story happen, in which a text with ``=`` says what runs then."""
        for step in steps:
            if "=" in step:
                self.shows(step)
                continue
            before, said, since = self.count, self.types, len(self.cluster.calls)
            self.begin(step)
            await self.settle()
            await self.rest()
            if restarts:
                self.restart()
                await self.rest()
            self.never_below(before)
            told = [each.body for each in self.cluster.calls[since:] if each.verb == "replace_status"]
            between = {each["type"] for body in told for each in body["status"]["conditions"]}
            assert between <= said | self.types | {"Reconciling"}, "nothing is said for a moment only"

    def begin(self, step: str) -> None:
        """Have something happen, or several things at once."""
        self.had.clear()
        for each in step.split(" + "):
            happens = EVENTS[each]
            happens(self) if callable(happens) else self.declare(**happens)

    def never_below(self, before: int) -> None:
        """Assert that the worker never had fewer processes than before and now."""
        assert min(before, *self.had, self.count) >= min(before, self.count), self.had


def put(kind: str, name: str, **metadata: Any) -> Callable[[Shop], object]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop-worker"}
    spec = {"scaleTargetRef": target, **({"minReplicas": 3, "maxReplicas": 9} if kind == HPA else {})}
    return lambda shop: shop.cluster.put(kind, {"metadata": {"name": name, **metadata}, "spec": spec})


def worker(**fields: Any) -> Manifest:
    return {"processes": {"worker": fields}}


EVENTS: dict[str, Manifest | Callable[[Any], object]] = {
    **releasing.EVENTS,
    "declared": worker(autoscaling=BOUNDS),
    "wider": worker(autoscaling={"minReplicas": 3, "maxReplicas": 8}),
    "undeclared": worker(autoscaling=None),
    "replicas 5": worker(replicas=5),
    "replicas 1": worker(replicas=1),
    "singleton": worker(singleton=True),
    "several": worker(singleton=None),
    "unfit": worker(resources=UNFIT),
    "fit": worker(resources=None),
    "the type is removed": {"processes": {"worker": None, "web": a_process("/web")}},
    "the type comes": worker(**a_process(autoscaling=BOUNDS)),
    "suspend": {"suspend": True},
    "resume": {"suspend": False},
    "pause": {"paused": True},
    "go on": {"paused": False},
    "v1": {"image": "shop:v1"},
    "v2": {"image": "shop:v2"},
    "gated": {"release": RELEASE},
    "it sets 4": lambda shop: shop.hpa_sets(4),
    "it sets 5": lambda shop: shop.hpa_sets(5),
    "to zero": lambda shop: (shop.hpa_sets(0), shop.hpa_is(status={"conditions": [TO_ZERO]})),
    "scaled to 5": lambda shop: shop.scale(worker=5),
    "scaled to 0": lambda shop: shop.scale(worker=0),
    "the HPA is deleted": lambda shop: shop.remove(HPA, "shop-worker"),
    "the HPA is changed": lambda shop: shop.hpa_is(spec={"maxReplicas": 4}),
    "the HPA is orphaned": lambda shop: shop.hpa_is(metadata={"ownerReferences": None}),
    "the Deployment is deleted": lambda shop: shop.remove("Deployment", "shop-worker"),
    "another HPA comes": put(HPA, "another"),
    "another HPA goes": lambda shop: shop.remove(HPA, "another"),
    "an HPA of the name comes": put(HPA, "shop-worker"),
    "a ScaledObject comes": put(SCALED_OBJECT, "jobs"),
    "the ScaledObject goes": lambda shop: shop.remove(SCALED_OBJECT),
    "deletion is refused": lambda shop: shop.refuse("delete", HPA, errors.ForbiddenError("no")),
    "creation is refused": lambda shop: shop.refuse("apply", HPA, errors.ForbiddenError("no")),
    "all is permitted": lambda shop: shop.cluster.incidents.clear(),
}
