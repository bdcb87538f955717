"""A Formation with a release command, whose Job a test ends, and an operator that may end at any call."""

import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from typing import Any

from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType
from formation_operator.kube import errors
from formation_operator.kube.port import Object
from tests.shared.builders import Manifest, a_formation, a_process, ago, stored
from tests.unit.fakes import shop
from tests.unit.fakes.cluster import Call, Incident

Step = Manifest | str | tuple[Manifest | str, ...]
KEY = shop.KEY
RELEASE = {"command": ["/shop", "migrate"]}
ONE = a_formation(
    image="shop:v1",
    release=RELEASE,
    processes={"web": a_process("/web", replicas=1, port=80), "worker": a_process(replicas=2)},
)


class Shop(shop.Shop):
    """A Formation with a release command, its cluster and its operator."""

    def __init__(self, formation: Manifest = ONE) -> None:
        super().__init__(formation)
        self.first = formation

    async def settle(self) -> list[Call]:
        """Run passes until all is reported, and return the requests."""
        before = len(self.cluster.calls)
        for _ in range(4):
            self.time.seconds += 2
            await self.operator.work()
        return self.cluster.calls[before:]

    def orphan(self) -> None:
        """Have its Formation deleted with --cascade=orphan, and its revisions and Jobs lost."""
        for kind in ("ControllerRevision", "Job"):
            self.remove(kind)
        self.leave("Deployment", "Service", "CronJob")

    def forget_content(self) -> None:
        """Have somebody take away what names the content on each Deployment."""
        nothing: Manifest = {"metadata": {"annotations": {naming.CONTENT_ANNOTATION: None}}}
        for name in self.counts():
            self.cluster.merge("Deployment", "default", name, nothing)

    def leave(self, *kinds: str) -> None:
        """Have its Formation deleted, and objects of some kinds stay without an owner."""
        self.cluster.remove(naming.KIND, *KEY)
        nobody: Manifest = {"metadata": {"ownerReferences": None}}
        for kind in kinds:
            for raw in self.cluster.all(kind):
                self.cluster.merge(kind, "default", raw["metadata"]["name"], nobody)

    def come_back(self, uid: str = "uid-2", **spec: Any) -> None:
        """Have its Formation be made again as it was at first, but for some fields, under a new operator."""
        again = {**self.first, "spec": {**self.first["spec"], **spec}}
        self.cluster.put(naming.KIND, stored(again, uid=uid))
        self.restart()

    async def finish(self, condition: str = "Complete", *more: str) -> None:
        """Have the Job that is under way end, and give the operator time."""
        self.end(condition, *more)
        await self.settle()

    def end(self, condition: str = "Complete", *more: str) -> None:
        """Have the Job that is under way end."""
        self.time.seconds += 1
        [job] = [each for each in self.jobs() if not each.get("status")]
        now = self.time().strftime("%Y-%m-%dT%H:%M:%SZ")
        conditions = [
            {"type": each, "status": "True", "lastTransitionTime": now, "reason": "BackoffLimitExceeded"}
            for each in (condition, *more)
        ]
        self.cluster.merge("Job", *KEY[:1], job["metadata"]["name"], {"status": {"conditions": conditions}})

    def runs(self) -> dict[str, str]:
        """Return count and image of each type, as in ``3:v1``, and what else stories are about."""
        images = {name: image.removeprefix("shop:") for name, image in self.images().items()}
        types = {
            name.removeprefix("shop-"): f"{count}:{images[name]}" for name, count in self.counts().items()
        }
        cron_jobs = ((raw["metadata"]["name"], raw["spec"]["suspend"]) for raw in self.cluster.all("CronJob"))
        schedules = {name.removeprefix("shop-"): "off" if off else "on" for name, off in cron_jobs}
        release, ready = self.status.get("release", {}).get("state"), self.condition().get("reason", "")
        return {**types, **schedules, "jobs": str(len(self.jobs())), "ready": ready, "release": str(release)}

    def shows(self, expected: str) -> None:
        """Assert what runs, as in ``web=3:v1 jobs=2``; a count may stand without its image."""
        runs = self.runs()
        for key, wanted in (each.split("=") for each in expected.split()):
            found = runs.get(key, "none")
            assert (found if ":" in wanted else found.partition(":")[0]) == wanted, f"{expected}: {runs}"

    async def tell(self, *steps: Step) -> None:
        """Have a story happen, in which a text that is no event says what runs then.

        All is rolled out after a change of the spec or an event; of a tuple each change has one pass only.
        """
        for step in steps:
            if isinstance(step, str) and step not in EVENTS:
                self.shows(step)
                continue
            for each in step if isinstance(step, tuple) else (step,):
                if isinstance(each, str):
                    EVENTS[each](self)
                    continue
                self.declare(**each)
                await self.operator.work() if isinstance(step, tuple) else None
            await self.settle() if not isinstance(step, tuple) else None
        assert "DriftRepaired" not in {each.reason for each in self.cluster.notices}

    @property
    def job(self) -> str:
        """The name of the Job that releases the content that the Formation has now."""
        return f"shop-release-{self.digest}"

    @property
    def is_stalled(self) -> bool:
        return bool(self.condition(ConditionType.STALLED))

    def is_going(self, job: str) -> bool:
        """Return whether a Job is deleted, or is about to be."""
        [*found] = (each["metadata"] for each in self.jobs() if each["metadata"]["name"] == job)
        return not found or "deletionTimestamp" in found[0]

    def put_pod(
        self, state: Manifest, *, phase: str = "Pending", created: str = "", **metadata: Any
    ) -> Object:
        """Have the Job of the present content have a Pod on a node, by default an hour ago."""
        uid = self.cluster.read("Job", "default", self.job)["metadata"]["uid"]
        job = {"apiVersion": "batch/v1", "kind": "Job", "name": self.job, "uid": uid, "controller": True}
        about = {
            "name": "pod",
            "uid": "of-pod",
            "labels": {naming.FORMATION_LABEL: "shop", naming.RELEASE_LABEL: self.digest},
            "ownerReferences": [job],
            "creationTimestamp": created or ago(3600),
        }
        status = {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": ago(3600)}],
            "containerStatuses": [{"name": "release", "ready": False, "restartCount": 0, "state": state}],
        }
        spec = {"nodeName": "n1", "containers": [{"name": "release"}]}
        return self.cluster.put("Pod", {"metadata": {**about, **metadata}, "spec": spec, "status": status})

    def jobs(self) -> list[Object]:
        return self.cluster.all("Job")

    def counts(self) -> dict[str, int]:
        return {raw["metadata"]["name"]: raw["spec"]["replicas"] for raw in self.cluster.all("Deployment")}


SLOW = 1.0
"""Seconds after which a request fails."""
BOTH_V1 = {"shop-web": "shop:v1", "shop-worker": "shop:v1"}


class EndedError(BaseException):
    """The process has ended."""


PULLED: Manifest = {"waiting": {"reason": "ContainerCreating"}}
UNFIT: Manifest = {"limits": {"gpu": "1"}}
"""Resources that there aren't."""
MORE: Manifest = {"singleton": None, "replicas": 3}
"""What makes several of a singleton."""
OLD: Manifest = {
    "properties": {"image": {}, "processes": {"additionalProperties": {"properties": {"command": {}}}}}
}
"""The schema of a spec before there were releases and schedules."""
NEW: Manifest = {"x-kubernetes-preserve-unknown-fields": True}


DENIED = errors.InvalidError("image policy: denied the request")
NIGHTLY: Manifest = {"schedule": "@daily", "command": ["/shop", "report"]}


async def an_app(processes: dict[str, Manifest] | None = None, **spec: Any) -> Shop:
    """Return an app whose first release, if it has one, has succeeded."""
    shop = Shop(a_formation(image="shop:v1", processes=processes or ONE["spec"]["processes"], **spec))
    await shop.settle()
    if spec.get("release"):
        await shop.finish()
    return shop


async def ended_at_each_call(change: Manifest, **app: Any) -> AsyncIterator[Shop]:
    """Yield apps whose operators have just ended before or after each call that a change leads to."""
    for after in (False, True):
        for calls in itertools.count():
            shop = await an_app(**app)
            shop.declare(**change)
            ends = Incident(error=EndedError(), carried_out=after)
            shop.cluster.incidents += [*(Incident() for _ in range(calls)), ends]
            with contextlib.suppress(EndedError, BaseExceptionGroup):
                await shop.settle()
            happened = not shop.cluster.incidents
            shop.cluster.incidents.clear()
            shop.restart()
            yield shop
            if not happened:
                assert calls > 4
                break


async def a_clock(release: Manifest | None) -> Shop:
    """Return an app whose singleton runs."""
    clock = a_process("/clock", replicas=1, singleton=True)
    shop = await an_app({"clock": clock}, release=release)
    shop.run_well()
    await shop.settle()
    return shop


def strategy(shop: Shop) -> str:
    return str(shop.cluster.read("Deployment", "default", "shop-clock")["spec"]["strategy"]["type"])


def lose_revisions(shop: Shop) -> None:
    shop.remove("ControllerRevision")


EVENTS: dict[str, Callable[[Shop], object]] = {
    "time passes": lambda _: None,
    "the operator restarts": Shop.restart,
    "the release succeeds": Shop.end,
    "the release fails": lambda shop: shop.end("FailureTarget", "Failed"),
    "its Pod runs": lambda shop: shop.put_pod({"running": {"startedAt": ago(0)}}, phase="Running"),
    "its Pods are gone": lambda shop: shop.remove("Pod"),
    "all processes stand": Shop.run_well,
    "web is scaled to 3": lambda shop: shop.scale(web=3),
    "the revisions are lost": lose_revisions,
    "the status is lost": lambda shop: shop.cluster.merge(naming.KIND, *KEY, {"status": None}),
    "the Jobs are deleted": lambda shop: shop.remove("Job"),
    "the CronJobs are deleted": lambda shop: shop.remove("CronJob"),
    "the CRD is older": lambda shop: setattr(shop.cluster, "spec_schema", OLD),
    "the CRD is newer": lambda shop: setattr(shop.cluster, "spec_schema", NEW),
}
