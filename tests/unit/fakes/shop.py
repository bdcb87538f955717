"""A Formation with its cluster and its operator, for tests of what becomes of its revisions."""

from typing import Any

from formation_operator.api import naming
from formation_operator.api.content import content_of, digest_of, has_run_well
from formation_operator.api.reasons import ConditionType
from formation_operator.kube import errors
from formation_operator.kube.objects import deploys
from formation_operator.kube.objects.deploys import Deploy
from tests.shared import builders
from tests.shared.builders import Manifest, a_formation, a_process, stored
from tests.unit.facts import condition_of
from tests.unit.fakes.cluster import Call, FakeCluster, Incident, Verb
from tests.unit.fakes.objects import SCALE
from tests.unit.fakes.operator import Operator, Time

KEY = ("default", "shop")
REVISION = "ControllerRevision"
FIGURES = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
NO_ANSWER = errors.UnavailableError("the server doesn't answer")
WRITES = ("apply", "patch", "delete")
TWO = a_formation(
    image="shop:v1",
    processes={"web": a_process("/web", replicas=1, port=80), "worker": a_process(replicas=2)},
)


class Shop:
    """A Formation, its cluster and its operator."""

    def __init__(self, formation: Manifest = TWO, **reported: Any) -> None:
        self.cluster, self.time = FakeCluster(), Time()
        self.cluster.per_page = 50
        self.cluster.put(naming.KIND, {**stored(formation), **reported})
        self.restart()

    def restart(self) -> None:
        """Have another operator take over, which remembers nothing."""
        self.cluster.watchers.clear()
        self.operator = Operator(self.cluster, self.time)

    async def settle(self) -> list[Call]:
        """Run passes until all is reported, and return the requests."""
        before = len(self.cluster.calls)
        for _ in range(3):
            self.time.seconds += 2
            assert await self.operator.work()
        return self.cluster.calls[before:]

    async def stand(self, **ready: int) -> None:
        """Have so many processes of each type run as its Deployment says, or as given, and report that."""
        self.run_well(**ready)
        await self.settle()

    async def run_for_a_minute(self) -> None:
        """Have all processes run for a minute."""
        await self.stand()
        await self.later(60)

    async def later(self, seconds: float) -> None:
        """Have time pass before the next passes."""
        self.time.seconds += seconds
        await self.settle()

    async def passes(self, number: int, seconds: float) -> None:
        """Have so many passes run, each so many seconds after the one before."""
        for _ in range(number):
            self.time.seconds += seconds
            await self.operator.work()

    def declare(self, **spec: Any) -> Manifest:
        """Change fields of the spec, and return the Formation."""
        return self.cluster.merge(naming.KIND, *KEY, {"spec": spec})

    async def change(self, **spec: Any) -> list[Call]:
        """Change fields of the spec, have that rolled out, and return the requests."""
        self.declare(**spec)
        return await self.settle()

    def scale(self, **counts: int) -> None:
        """Have somebody scale the Deployments of types."""
        for name, count in counts.items():
            wanted = {"spec": {"replicas": count}}
            self.cluster.merge("Deployment", "default", f"shop-{name}", wanted, by=SCALE)

    def refuse(
        self, verb: Verb | None, kind: str = "", error: BaseException = NO_ANSWER, name: str = "", **how: Any
    ) -> None:
        """Have each call from now on fail that fits, after it ``hangs`` if that is said."""
        self.cluster.incidents.append(Incident(verb, kind, name, error=error, **{"times": 1e9, **how}))

    def remove(self, kind: str, name: str = "") -> None:
        """Have somebody delete an object, or all of a kind."""
        for raw in self.cluster.all(kind):
            if raw["metadata"]["name"] == (name or raw["metadata"]["name"]):
                self.cluster.remove(kind, "default", raw["metadata"]["name"])

    def wrote(self, since: int) -> list[Call]:
        """Return the writes of anything but the status since a call."""
        return [each for each in self.cluster.calls[since:] if each.verb in WRITES]

    @property
    def spec(self) -> Manifest:
        found: Manifest = self.cluster.read(naming.KIND, *KEY)["spec"]
        return found

    @property
    def status(self) -> Manifest:
        found: Manifest = self.cluster.read(naming.KIND, *KEY).get("status", {})
        return found

    def condition(self, type_: ConditionType = ConditionType.READY) -> Manifest:
        """Return a condition of the status; an empty one if there is none."""
        return condition_of(self.status, type_)

    @property
    def digest(self) -> str:
        """The digest of the content that the Formation has now."""
        return digest_of(content_of(self.spec))

    @property
    def name(self) -> str:
        """The name of the revision of what the Formation says now."""
        return f"shop-{self.digest}"

    def images(self) -> dict[str, str]:
        """Return the image of each Deployment."""
        return {
            raw["metadata"]["name"]: raw["spec"]["template"]["spec"]["containers"][0]["image"]
            for raw in self.cluster.all("Deployment")
        }

    def note(self, annotation: str, value: str) -> None:
        """Have anybody write an annotation of the revision of the present content."""
        noted = {"metadata": {"annotations": {annotation: value}}}
        self.cluster.merge(REVISION, "default", self.name, noted)

    def revisions(self) -> dict[str, int]:
        """Return the number of each revision by the image that it keeps."""
        return {raw["data"]["image"]: raw["revision"] for raw in self.cluster.all(REVISION)}

    @property
    def failed(self) -> Manifest | None:
        """The condition that says that there is no revision, if there is one."""
        return self.condition(ConditionType.REVISION_FAILED) or None

    @property
    def ready_reason(self) -> str:
        """What the status says in the first place."""
        return str(self.condition()["reason"])

    def run_well(self, **ready: int) -> None:
        """Have the cluster start so many processes of each type as its Deployment says, or as given."""
        for raw in self.cluster.all("Deployment"):
            name = raw["metadata"]["name"]
            count = ready.get(name.removeprefix("shop-"), raw["spec"]["replicas"])
            status = {"observedGeneration": raw["metadata"]["generation"], **dict.fromkeys(FIGURES, count)}
            self.cluster.merge("Deployment", "default", name, {"status": status})

    async def fail_a_try(self) -> None:
        """Have the process of the worker's canary end, and that be reported."""
        container = builders.a_container(builders.ended(3, "no database"))
        labels = {naming.TRACK_LABEL: naming.CANARY}
        self.cluster.put("Pod", builders.a_pod(container, labels=labels, name="canary"))
        self.run_well()
        unready = {"status": {"readyReplicas": 0, "availableReplicas": 0}}
        self.cluster.merge("Deployment", "default", "shop-worker-canary", unready)
        await self.settle()

    def ran_well(self) -> set[str]:
        """Return the images of the revisions that are noted to have run well."""
        return {
            raw["data"]["image"]
            for raw in self.cluster.all(REVISION)
            if has_run_well(raw["metadata"]["annotations"])
        }

    def log(self) -> dict[str, list[Deploy]]:
        """Return the log of each revision by the image that it keeps."""
        found = self.cluster.all(REVISION)
        return {raw["data"]["image"]: [*deploys.read(raw["metadata"]["annotations"])] for raw in found}

    def written(self, since: int = 0) -> list[Call]:
        """Return the writes of revisions."""
        return [each for each in self.calls(since) if each.verb in WRITES]

    def calls(self, since: int = 0) -> list[Call]:
        """Return all requests about revisions."""
        return [each for each in self.cluster.calls[since:] if each.kind == REVISION]

    def deployed(self) -> list[str]:
        """Return what the Events say about deploys."""
        return [each.note for each in self.cluster.notices if each.reason == "Deployed"]

    def forge(self, name: str, uid: str | None, *, of: str = "shop", **more: Any) -> None:
        """Have anybody make a revision with our label, of a Formation with a name and a uid."""
        reference = {"apiVersion": naming.API_VERSION, "kind": "Formation", "name": of, "uid": uid}
        owners = [] if uid is None else [{**reference, "controller": True}]
        labels = {naming.FORMATION_LABEL: "shop"}
        metadata = {"name": name, "labels": labels, "ownerReferences": owners}
        self.cluster.put(REVISION, {"revision": 900, "data": {}, **more, "metadata": metadata})
