"""A count that somebody set is left as it is, as long as nobody can tell whether an autoscaler did."""

import math

import pytest

from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.replicas import write_through
from tests.shared.builders import a_formation, a_process
from tests.unit.fakes.cluster import Incident
from tests.unit.scaled import Shop

FORMATION = a_formation(processes={name: a_process(replicas=4) for name in ("web", "worker")})
NO_RIGHT = errors.RefusedError('cannot list resource "scaledobjects"')
BROKEN = errors.UnavailableError("conversion webhook failed")


class TroubledShop(Shop):
    """A Formation whose types web and worker have four processes each."""

    def break_keda(self, error: Exception) -> None:
        """Let nobody list the objects by which KEDA scales."""
        self.incidents[:] = [Incident("pages", kinds.SCALED_OBJECT, error=error, times=math.inf)]

    def deploy(self, image: str | None) -> None:
        """Have somebody give the Formation another image, if any."""
        self.declare(**({"image": image} if image else {}))

    @property
    def web(self) -> int:
        """The count of web's Deployment."""
        count: int = self.spec_of("web")["replicas"]
        return count


@pytest.fixture
async def shop() -> TroubledShop:
    """One of which the operator has made all and said so."""
    shop = TroubledShop(FORMATION)
    await shop.work()
    shop.calls.clear()
    return shop


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [(NO_RIGHT, ConditionType.STALLED), (BROKEN, ConditionType.RECONCILING)],
    ids=["forbidden", "broken"],
)
async def test_the_status_says_why_a_count_is_left_as_it_is(
    shop: TroubledShop, trouble: Exception, kind: ConditionType
) -> None:
    shop.break_keda(trouble)
    shop.scale("web", 8)
    await shop.work()
    for found in (shop.said(ConditionType.READY), shop.said(kind)):
        assert found["reason"] == "CountUndecided"
        assert "to 8, and stays as it is, because autoscalers can't be listed" in found["message"]
        assert str(trouble) in found["message"]
    assert shop.status["processes"]["web"]["desiredReplicas"] == 8


@pytest.mark.parametrize(
    "trouble",
    [
        errors.ForbiddenError('cannot patch resource "formations"'),
        errors.RefusedError("a proxy says 400"),
        errors.UnavailableError("failed calling webhook"),
    ],
    ids=["forbidden", "refused on the way", "broken"],
)
async def test_a_request_that_cant_be_written_waits_while_all_else_goes_on(
    shop: TroubledShop, trouble: Exception
) -> None:
    shop.incidents.append(Incident("patch", naming.KIND, error=trouble, times=math.inf))
    shop.scale("web", 8)
    shop.remove("Deployment", "default", "shop-worker")
    shop.deploy("shop:v2")
    assert not await shop.work(), "it is tried again"
    assert (shop.web, shop.spec_of("worker")["replicas"]) == (8, 4)
    assert shop.spec_of("web")["template"]["spec"]["containers"][0]["image"] == "shop:v2"
    assert str(trouble) in shop.said(ConditionType.READY)["message"]
    shop.incidents.clear()
    shop.clock.seconds += 60
    assert await shop.work()
    assert (shop.counts["web"], shop.web) == (8, 8)
    assert shop.told("Scale") == ["ScaleHonoured"]


@pytest.mark.parametrize(
    "verdict",
    [
        errors.InvalidError("spec.processes[web].replicas: Invalid value"),
        errors.ForbiddenError('admission webhook "most" denied the request: at most 5'),
        errors.RefusedError("ValidatingAdmissionPolicy 'most' with binding 'most' denied request: at most 5"),
    ],
    ids=["invalid", "webhook", "policy"],
)
async def test_a_request_that_a_formation_cant_have_is_overruled(
    shop: TroubledShop, verdict: Exception
) -> None:
    shop.incidents.append(Incident("patch", naming.KIND, error=verdict, times=math.inf))
    shop.scale("web", 8)
    await shop.work()
    assert (shop.counts["web"], shop.web) == (4, 4)
    assert shop.told("Scale") == ["ScaleOverruled"]


async def test_of_a_namespace_with_very_many_autoscalers_no_more_than_some_pages_are_read(
    shop: TroubledShop,
) -> None:
    for number in range(2 * write_through.PAGES_OF_AUTOSCALERS):
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "another"}
        shop.put(kinds.HPA, {"metadata": {"name": f"hpa-{number}"}, "spec": {"scaleTargetRef": target}})
    shop.scale("web", 8)
    await shop.work()
    assert shop.web == 8, "it is neither written through nor set back"
    assert "there are too many" in shop.said(ConditionType.READY)["message"]
