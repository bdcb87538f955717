"""A Formation with its cluster and its operator, for tests of what becomes of its revisions."""

from typing import Any

from formation_operator.api import naming
from formation_operator.api.content import content_of, digest_of, has_run_well
from formation_operator.api.reasons import ConditionType
from tests.builders import Manifest, a_formation, a_process, stored
from tests.unit.facts import condition_of
from tests.unit.fakes.cluster import Call, FakeCluster
from tests.unit.fakes.operator import Operator, Time

KEY = ("default", "shop")
REVISION = "ControllerRevision"
FIGURES = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
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

    async def settle(self) -> None:
        """Run passes until all is reported."""
        for _ in range(3):
            self.time.seconds += 2
            assert await self.operator.work()

    async def change(self, **spec: Any) -> None:
        """Change fields of the spec, and have that rolled out."""
        self.cluster.merge(naming.KIND, *KEY, {"spec": spec})
        await self.settle()

    @property
    def spec(self) -> Manifest:
        found: Manifest = self.cluster.read(naming.KIND, *KEY)["spec"]
        return found

    @property
    def status(self) -> Manifest:
        found: Manifest = self.cluster.read(naming.KIND, *KEY)["status"]
        return found

    @property
    def name(self) -> str:
        """The name of the revision of what the Formation says now."""
        return f"shop-{digest_of(content_of(self.spec))}"

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each revision by the image that it keeps."""
        return {raw["data"]["image"]: raw["revision"] for raw in self.cluster.all(REVISION)}

    @property
    def failed(self) -> Manifest | None:
        """The condition that says that there is no revision, if there is one."""
        said = [each["type"] for each in self.status["conditions"]]
        kind = ConditionType.REVISION_FAILED
        return condition_of(self.status, kind) if kind in said else None

    @property
    def ready_reason(self) -> str:
        """What the status says in the first place."""
        return str(condition_of(self.status, ConditionType.READY)["reason"])

    def run_well(self, **ready: int) -> None:
        """Have the cluster start so many processes of each type as its Deployment says, or as given."""
        for raw in self.cluster.all("Deployment"):
            name = raw["metadata"]["name"]
            count = ready.get(name.removeprefix("shop-"), raw["spec"]["replicas"])
            status = {"observedGeneration": raw["metadata"]["generation"], **dict.fromkeys(FIGURES, count)}
            self.cluster.merge("Deployment", "default", name, {"status": status})

    def ran_well(self) -> set[str]:
        """Return the images of the revisions that are noted to have run well."""
        return {
            raw["data"]["image"]
            for raw in self.cluster.all(REVISION)
            if has_run_well(raw["metadata"]["annotations"])
        }

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
