"""A Formation that others scale, in a cluster where the operator works when a test says so."""

from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType
from formation_operator.kube.port import Object
from tests.shared.builders import Manifest, stored
from tests.unit.facts import condition_of
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.managed_fields import Owner
from tests.unit.fakes.objects import SCALE
from tests.unit.fakes.operator import Operator, Time

SHOP = (naming.KIND, "default", "shop")


class Shop(FakeCluster):
    """A cluster with a Formation, and the operator that made its Deployments."""

    def __init__(self, formation: Manifest) -> None:
        super().__init__()
        self.clock = Time()
        self.operator = Operator(self, self.clock)
        self.put(naming.KIND, stored(formation))

    async def work(self, seconds: float = 10) -> bool:
        """Let the operator act, and report; return whether nothing is left to do then."""
        done = False
        for _ in range(3):
            self.clock.seconds += seconds
            done = await self.operator.work()
        return done

    def declare(self, **spec: object) -> None:
        """Have somebody change the Formation."""
        self.merge(*SHOP, {"spec": spec})

    def scale(self, process_type: str, count: int, by: Owner = SCALE) -> None:
        """Have somebody scale a Deployment."""
        name = naming.child("shop", process_type)
        self.merge("Deployment", "default", name, {"spec": {"replicas": count}}, by=by)

    def spec_of(self, process_type: str) -> Object:
        """Return the spec of a Deployment."""
        spec: Object = self.read("Deployment", "default", naming.child("shop", process_type))["spec"]
        return spec

    @property
    def counts(self) -> dict[str, int]:
        """The counts that the Formation says."""
        processes = self.read(*SHOP)["spec"]["processes"]
        return {name: item["replicas"] for name, item in processes.items()}

    @property
    def status(self) -> Object:
        """What is said of the Formation."""
        status: Object = self.read(*SHOP)["status"]
        return status

    def said(self, kind: ConditionType) -> Object:
        """Return a condition, empty where it isn't there."""
        return condition_of(self.status, kind)

    def told(self, action: str) -> list[str]:
        """Return why each Event about some action was recorded."""
        return [notice.reason for notice in self.notices if notice.action == action]
