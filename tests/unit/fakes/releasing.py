"""A Formation with a release command, whose Job a test ends, and an operator that may end at any call."""

from formation_operator.api import naming
from formation_operator.api.content import content_of, digest_of
from formation_operator.kube.port import Object
from tests.builders import Manifest, a_formation, a_process
from tests.unit.fakes import shop
from tests.unit.fakes.cluster import Incident

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

    async def settle(self) -> None:
        """Run passes until all is reported."""
        for _ in range(4):
            self.time.seconds += 2
            await self.operator.work()

    def orphan(self) -> None:
        """Have its Formation deleted with --cascade=orphan, and its revisions and Jobs lost."""
        self.cluster.remove(naming.KIND, *KEY)
        for kind in ("ControllerRevision", "Job"):
            for raw in self.cluster.all(kind):
                self.cluster.remove(kind, "default", raw["metadata"]["name"])
        for kind in ("Deployment", "Service"):
            for raw in self.cluster.all(kind):
                nobody: Manifest = {"metadata": {"ownerReferences": None}}
                self.cluster.merge(kind, "default", raw["metadata"]["name"], nobody)

    async def finish(self, condition: str = "Complete", *more: str) -> None:
        """Have the Job that is under way end, and give the operator time."""
        self.time.seconds += 1
        [job] = [each for each in self.jobs() if not each.get("status")]
        now = self.time().strftime("%Y-%m-%dT%H:%M:%SZ")
        conditions = [
            {"type": each, "status": "True", "lastTransitionTime": now, "reason": "BackoffLimitExceeded"}
            for each in (condition, *more)
        ]
        self.cluster.merge("Job", *KEY[:1], job["metadata"]["name"], {"status": {"conditions": conditions}})
        await self.settle()

    @property
    def status(self) -> Manifest:
        found: Manifest = self.cluster.read(naming.KIND, *KEY).get("status", {})
        return found

    @property
    def digest(self) -> str:
        """The digest of the content that the Formation has now."""
        return digest_of(content_of(self.spec))

    def jobs(self) -> list[Object]:
        return self.cluster.all("Job")

    def images(self) -> dict[str, str]:
        """Return the image of each Deployment."""
        return {
            raw["metadata"]["name"]: raw["spec"]["template"]["spec"]["containers"][0]["image"]
            for raw in self.cluster.all("Deployment")
        }

    def counts(self) -> dict[str, int]:
        return {raw["metadata"]["name"]: raw["spec"]["replicas"] for raw in self.cluster.all("Deployment")}

    def revisions(self) -> dict[str, int]:
        """Return the number of each revision by the image of its content."""
        return {raw["data"]["image"]: raw["revision"] for raw in self.cluster.all("ControllerRevision")}


BOTH_V1 = {"shop-web": "shop:v1", "shop-worker": "shop:v1"}
BOTH_V2 = {"shop-web": "shop:v2", "shop-worker": "shop:v2"}


class EndedError(BaseException):
    """The process has ended."""


class Ended:
    """Ends the process before or after a call, counted from the first one ever."""

    def __init__(self, shop: Shop, at: int, *, after: bool) -> None:
        self._after = after
        self.happened = False
        self._shop, self._at = shop, at
        self._incident = Incident(meanwhile=self._end, times=float("inf"))
        shop.cluster.incidents.append(self._incident)

    def _end(self) -> None:
        if len(self._shop.cluster.calls) > self._at:
            self.happened = True
            if not self._after:
                raise EndedError
            self._incident.error, self._incident.carried_out = EndedError(), True

    def lift(self) -> None:
        self._shop.cluster.incidents.remove(self._incident)


UNFIT: Manifest = {"limits": {"gpu": "1"}}
"""Resources that there aren't."""
MORE: Manifest = {"singleton": None, "replicas": 3}
"""What makes several of a singleton."""
OLD: Manifest = {
    "properties": {"image": {}, "processes": {"additionalProperties": {"properties": {"command": {}}}}}
}
"""The schema of a spec before there were releases and schedules."""


async def a_clock(release: Manifest | None) -> Shop:
    """Return an app whose singleton runs."""
    clock = a_process("/clock", replicas=1, singleton=True)
    shop = Shop(a_formation(image="shop:v1", release=release, processes={"clock": clock}))
    await shop.settle()
    if release:
        await shop.finish()
    shop.run_well()
    await shop.settle()
    return shop


def strategy(shop: Shop) -> str:
    return str(shop.cluster.read("Deployment", "default", "shop-clock")["spec"]["strategy"]["type"])


def lose_revisions(shop: Shop) -> None:
    for raw in shop.cluster.all("ControllerRevision"):
        shop.cluster.remove("ControllerRevision", "default", raw["metadata"]["name"])
