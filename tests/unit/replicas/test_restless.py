"""Who may start a suspended type again is named in the status, with the way out, before it does so."""

from syrupy.assertion import SnapshotAssertion

from formation_operator.api.reasons import ConditionType
from formation_operator.kube.objects.kinds import HPA, SCALED_OBJECT
from formation_operator.kube.port import Object
from tests.shared.builders import a_formation, a_process
from tests.unit.fakes.managed_fields import Owner
from tests.unit.scaled import Shop

TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop-worker"}
BY_HPA = Owner("kube-controller-manager", "Update", "scale")
HELD = {"spec": {"behavior": {"scaleUp": {"selectPolicy": "Disabled"}}}}


def to_zero(status: str) -> Object:
    """Return the part of an HPA that says whether it scaled to zero itself."""
    return {"status": {"conditions": [{"type": "ScaledToZero", "status": status}]}}


class RestlessShop(Shop):
    """A Formation whose worker somebody else scales."""

    def __init__(self, kind: str) -> None:
        super().__init__(a_formation(processes={"worker": a_process()}))
        self.kind = kind
        self.put(kind, {"metadata": {"name": "jobs"}, "spec": {"scaleTargetRef": TARGET, "minReplicas": 0}})

    async def suspend(self, *, suspended: bool = True) -> None:
        """Suspend the Formation, or start it again."""
        self.declare(suspend=suspended)
        await self.work(60)

    async def set(self, count: int, by: Owner) -> None:
        """Have an autoscaler set the count."""
        self.scale("worker", count, by)
        await self.work(60)

    async def change(self, part: Object) -> None:
        """Have the autoscaler's object changed."""
        self.merge(self.kind, "default", "jobs", part)
        await self.work(60)

    @property
    def count(self) -> int:
        """The count of the Deployment."""
        count: int = self.spec_of("worker")["replicas"]
        return count

    @property
    def stalled(self) -> Object:
        """The condition Stalled, if there is one."""
        return self.said(ConditionType.STALLED)


async def test_an_hpa_that_may_start_a_suspended_type_is_named_before_it_does_and_when_it_may_no_more(
    snapshot: SnapshotAssertion,
) -> None:
    shop = RestlessShop(HPA)
    await shop.work(60)
    await shop.set(0, BY_HPA)
    await shop.suspend()
    assert not shop.stalled, "it leaves a zero as it is that isn't its own"
    await shop.change(to_zero("True"))
    assert shop.stalled["reason"] == "CannotSuspend"
    assert shop.stalled["message"] == snapshot
    await shop.change(HELD)
    assert not shop.stalled
    await shop.change({"spec": {"behavior": None}})
    assert shop.stalled
    await shop.suspend(suspended=False)
    assert not shop.stalled


async def test_while_a_formation_is_paused_nobody_is_asked_to_let_it_be_suspended() -> None:
    shop = RestlessShop(SCALED_OBJECT)
    shop.declare(paused=True)
    await shop.suspend()
    assert not shop.stalled
