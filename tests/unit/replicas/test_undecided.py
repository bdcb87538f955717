"""A count that somebody set is left as it is, as long as nobody can tell whether an autoscaler did."""

import math

import pytest

from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Object
from formation_operator.replicas import write_through
from tests.builders import a_formation, a_process, stored
from tests.unit.facts import condition_of
from tests.unit.fakes.cluster import FakeCluster, Incident
from tests.unit.fakes.objects import SCALE
from tests.unit.fakes.operator import Operator, Time

SHOP = (naming.KIND, "default", "shop")
WEB, WORKER = (("Deployment", "default", f"shop-{name}") for name in ("web", "worker"))
FORMATION = a_formation(processes={name: a_process(replicas=4) for name in ("web", "worker")})
NO_RIGHT = errors.RefusedError('cannot list resource "scaledobjects"')
BROKEN = errors.UnavailableError("conversion webhook failed")
TROUBLES = pytest.mark.parametrize("trouble", [NO_RIGHT, BROKEN], ids=["forbidden", "broken"])
VERSIONS = pytest.mark.parametrize("image", [None, "shop:v2"], ids=["as it was", "of a new version"])


class Shop(FakeCluster):
    """A cluster with a Formation whose types web and worker have four processes each."""

    def scale(self, count: int) -> None:
        """Have somebody scale web."""
        self.merge(*WEB, {"spec": {"replicas": count}}, by=SCALE)

    def declare(self, process_type: str, count: int) -> None:
        """Have somebody give the Formation another count."""
        self.merge(*SHOP, {"spec": {"processes": {process_type: {"replicas": count}}}})

    def deploy(self, image: str | None) -> None:
        """Have somebody give the Formation another image, if any."""
        self.merge(*SHOP, {"spec": {"image": image}} if image else {})

    def break_keda(self, error: Exception) -> None:
        """Let nobody list the objects by which KEDA scales."""
        self.incidents[:] = [Incident("pages", kinds.SCALED_OBJECT, error=error, times=math.inf)]

    def mend_keda(self) -> None:
        """Let them be listed again."""
        self.incidents.clear()

    @property
    def counts(self) -> dict[str, int]:
        """The counts that the Formation says."""
        processes = self.read(*SHOP)["spec"]["processes"]
        return {name: item["replicas"] for name, item in processes.items()}

    @property
    def web(self) -> int:
        """The count of web's Deployment."""
        count: int = self.read(*WEB)["spec"]["replicas"]
        return count

    @property
    def status(self) -> Object:
        """What is said of the Formation."""
        status: Object = self.read(*SHOP)["status"]
        return status

    def told(self, action: str) -> list[str]:
        """Return why each Event about some action was told."""
        return [notice.reason for notice in self.notices if notice.action == action]


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.put(naming.KIND, stored(FORMATION))
    return shop


@pytest.fixture
async def operator(shop: Shop, clock: Time) -> Operator:
    """An operator that has made all and said so."""
    operator = Operator(shop, clock)
    await work(operator, clock)
    shop.calls.clear()
    return operator


async def work(operator: Operator, clock: Time) -> bool:
    """Run a pass, and the one that reports what came of it; tell whether nothing is left to do then."""
    clock.seconds += 10
    await operator.work()
    clock.seconds += 10
    return await operator.work()


@TROUBLES
async def test_a_count_that_an_autoscaler_may_have_set_is_left_as_it_is_and_all_else_goes_on(
    shop: Shop, operator: Operator, clock: Time, trouble: Exception
) -> None:
    shop.break_keda(trouble)
    shop.scale(8)
    shop.deploy("shop:v2")
    shop.declare("worker", 5)
    assert not await work(operator, clock), "it is looked for again"
    assert shop.counts == {"web": 4, "worker": 5}
    assert shop.told("Scale") == []
    for name, count in ((WEB, 8), (WORKER, 5)):
        spec = shop.read(*name)["spec"]
        assert spec["replicas"] == count
        assert spec["template"]["spec"]["containers"][0]["image"] == "shop:v2"


@pytest.mark.parametrize(("kind", "count"), [(kinds.HPA, 8), (kinds.SCALED_OBJECT, 4)])
async def test_only_a_kind_that_may_be_absent_is_believed_not_to_be_installed(
    shop: Shop, operator: Operator, clock: Time, kind: str, count: int
) -> None:
    shop.incidents.append(Incident("pages", kind, error=errors.NotFoundError("no"), times=math.inf))
    shop.merge(*WEB, {"spec": {"replicas": 8}})
    await work(operator, clock)
    assert shop.web == count


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [(NO_RIGHT, ConditionType.STALLED), (BROKEN, ConditionType.RECONCILING)],
    ids=["forbidden", "broken"],
)
async def test_the_status_says_why_a_count_is_left_as_it_is(
    shop: Shop, operator: Operator, clock: Time, trouble: Exception, kind: ConditionType
) -> None:
    shop.break_keda(trouble)
    shop.scale(8)
    await work(operator, clock)
    for found in (condition_of(shop.status, ConditionType.READY), condition_of(shop.status, kind)):
        assert found["reason"] == "CountUndecided"
        assert "to 8, maybe by an autoscaler, so it stays as it is" in found["message"]
        assert str(trouble) in found["message"]
    assert shop.status["processes"]["web"]["desiredReplicas"] == 8


async def test_nothing_is_written_because_a_count_is_left_as_it_is(
    shop: Shop, operator: Operator, clock: Time
) -> None:
    shop.break_keda(BROKEN)
    shop.scale(8)
    for _ in range(3):
        await work(operator, clock)
    assert shop.asked("apply") == []


@VERSIONS
async def test_a_request_is_honoured_once_it_is_known_that_no_autoscaler_made_it(
    shop: Shop, operator: Operator, clock: Time, image: str | None
) -> None:
    shop.break_keda(BROKEN)
    shop.scale(8)
    shop.deploy(image)
    await work(operator, clock)
    shop.mend_keda()
    await work(operator, clock)
    assert shop.counts["web"] == shop.web == 8
    assert shop.told("Scale") == ["ScaleHonoured"]


@VERSIONS
async def test_an_edit_is_set_back_and_told_of_once_it_is_known_that_no_autoscaler_made_it(
    shop: Shop, operator: Operator, clock: Time, image: str | None
) -> None:
    shop.break_keda(BROKEN)
    shop.merge(*WEB, {"spec": {"replicas": 8}})
    shop.deploy(image)
    await work(operator, clock)
    assert shop.web == 8
    shop.mend_keda()
    await work(operator, clock)
    assert shop.web == 4
    assert shop.told("Repair") == ["DriftRepaired"]


async def test_an_answered_request_is_no_new_one_because_a_new_version_was_written_meanwhile(
    shop: Shop, operator: Operator, clock: Time
) -> None:
    shop.incidents.append(Incident("apply", error=errors.UnavailableError("away"), times=math.inf))
    shop.scale(8)
    await operator.work()  # the Deployment can't be written
    assert shop.counts["web"] == 8
    shop.declare("web", 4)
    shop.break_keda(BROKEN)
    shop.deploy("shop:v2")
    await work(operator, clock)
    shop.mend_keda()
    await work(operator, clock)
    assert shop.counts["web"] == shop.web == 4


async def test_a_count_that_is_kedas_is_never_judged_while_keda_is_in_trouble(
    shop: Shop, operator: Operator, clock: Time
) -> None:
    shop.break_keda(BROKEN)
    shop.scale(8)
    await work(operator, clock)
    shop.mend_keda()
    shop.absent.clear()
    jobs = {"metadata": {"name": "jobs"}, "spec": {"scaleTargetRef": {"name": "shop-web"}}}
    shop.put(kinds.SCALED_OBJECT, jobs)
    await work(operator, clock)
    assert (shop.counts["web"], shop.web) == (4, 8)
    assert shop.status["processes"]["web"]["replicasManagedBy"] == "ScaledObject/jobs"


@pytest.mark.parametrize(
    "trouble",
    [errors.ForbiddenError('cannot patch resource "formations"'), errors.RefusedError("a proxy says 400")],
    ids=["forbidden", "refused on the way"],
)
async def test_a_request_that_nobody_has_looked_at_is_honoured_once_somebody_does(
    shop: Shop, operator: Operator, clock: Time, trouble: Exception
) -> None:
    shop.incidents.append(Incident("patch", naming.KIND, error=trouble, times=math.inf))
    shop.scale(8)
    shop.deploy("shop:v2")
    assert not await work(operator, clock), "it is tried again"
    assert shop.web == 8
    assert shop.read(*WEB)["spec"]["template"]["spec"]["containers"][0]["image"] == "shop:v2"
    assert str(trouble) in condition_of(shop.status, ConditionType.READY)["message"]
    shop.incidents.clear()
    clock.seconds += 60
    assert await work(operator, clock)
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
    shop: Shop, operator: Operator, clock: Time, verdict: Exception
) -> None:
    shop.incidents.append(Incident("patch", naming.KIND, error=verdict, times=math.inf))
    shop.scale(8)
    await work(operator, clock)
    assert (shop.counts["web"], shop.web) == (4, 4)
    assert shop.told("Scale") == ["ScaleOverruled"]


async def test_of_a_namespace_with_very_many_autoscalers_no_more_than_some_pages_are_read(
    shop: Shop, operator: Operator, clock: Time
) -> None:
    for number in range(2 * write_through.MOST_PAGES):
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "another"}
        shop.put(kinds.HPA, {"metadata": {"name": f"hpa-{number}"}, "spec": {"scaleTargetRef": target}})
    shop.scale(8)
    await work(operator, clock)
    assert shop.web == 8, "it is neither written through nor set back"
    assert "there are too many" in condition_of(shop.status, ConditionType.READY)["message"]
