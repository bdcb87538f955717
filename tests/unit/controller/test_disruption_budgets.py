"""A type that declares a disruption budget has one, unless another one selects its Pods."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType
from formation_operator.controller import budgets
from formation_operator.kube import errors, port
from formation_operator.kube.objects.kinds import Kind
from tests.shared.builders import Manifest, a_formation, a_process
from tests.unit.fakes import shop as shops
from tests.unit.fakes.cluster import Incident
from tests.unit.fakes.shop import KEY

BUDGET = "PodDisruptionBudget"
TYPES = {"web": a_process("/web", replicas=2, port=80), "worker": a_process(replicas=4)}
BUDGETED = a_formation(disruptionBudget={}, processes=TYPES)


def another(selector: Any, name: str = "theirs", **metadata: Any) -> Manifest:
    """Return a budget that somebody else made."""
    about = {"name": name, "namespace": "default", "uid": f"uid-of-{name}", **metadata}
    return {"metadata": about, "spec": {"maxUnavailable": 1, "selector": selector}}


class Shop(shops.Shop):
    """A Formation whose types have budgets, its cluster and its operator."""

    def __init__(self) -> None:
        super().__init__(BUDGETED)
        self.cluster.per_page = 1

    @property
    def budgets(self) -> dict[str, Any]:
        """How many processes of each may be down, by the names of the budgets."""
        return {raw["metadata"]["name"]: raw["spec"]["maxUnavailable"] for raw in self.cluster.all(BUDGET)}

    @property
    def contended(self) -> str:
        return str(self.condition(ConditionType.DISRUPTION_CONTENDED).get("message", ""))


@pytest.fixture
async def shop() -> Shop:
    """One whose types have their budgets."""
    shop = Shop()
    await shop.settle()
    return shop


async def test_each_type_has_a_budget_of_its_own(shop: Shop) -> None:
    assert shop.budgets == {"shop-web": "25%", "shop-worker": "25%"}
    web = shop.cluster.read(BUDGET, "default", "shop-web")
    assert web["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    assert web["spec"]["selector"] == {"matchLabels": naming.selector("shop", "web", naming.STABLE)}
    (owner,) = web["metadata"]["ownerReferences"]
    assert (owner["uid"], owner["controller"]) == ("uid-1", True)
    assert not shop.contended


async def test_a_namespace_with_ten_thousand_costs_ten_pages_in_ten_minutes_and_has_what_it_had(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, sent = shop.cluster.pages, []

    async def counted(kind: Kind, namespace: str | None = None) -> AsyncIterator[tuple[list[Any], str]]:
        async for page in send(kind, namespace):
            sent.append(kind.name)
            yield page

    monkeypatch.setattr(shop.cluster, "pages", counted)
    for number in range(20):
        shop.cluster.put(BUDGET, another({"matchLabels": {"app": "blog"}}, f"blog-{number}"))
    await shop.later(budgets.EVERY)
    await shop.settle()
    assert sent.count(BUDGET) == port.MOST_PAGES
    assert shop.budgets.keys() >= {"shop-web", "shop-worker"}
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"processes": {"api": a_process("/api")}}})
    await shop.passes(3, 2)
    assert shop.cluster.read("Deployment", "default", "shop-api")
    assert "shop-api" not in shop.budgets
    assert "there are too many" in shop.condition()["message"]


async def test_ours_steps_back_as_long_as_another_one_selects_the_pods(shop: Shop) -> None:
    shop.cluster.put(BUDGET, another({"matchLabels": {"app.kubernetes.io/component": "web"}}))
    await shop.later(budgets.EVERY)
    assert shop.budgets == {"theirs": 1, "shop-worker": "25%"}
    assert shop.contended.startswith("web: PodDisruptionBudget theirs selects its processes")
    said = "deleted PodDisruptionBudget shop-web, which steps back"
    assert any(each.note.startswith(said) for each in shop.cluster.notices)
    assert "theirs" not in shop.condition()["message"]
    assert BUDGET not in {each.kind for each in await shop.settle()}
    shop.cluster.remove(BUDGET, "default", "theirs")
    await shop.later(budgets.EVERY)
    assert shop.budgets == {"shop-web": "25%", "shop-worker": "25%"}
    assert shop.contended == ""


@pytest.mark.parametrize(
    ("verb", "error", "reason"),
    [
        ("pages", errors.ForbiddenError("no right to list budgets"), "Refused"),
        ("pages", errors.UnavailableError("no answer"), "Retrying"),
        ("apply", errors.ForbiddenError("no right to create budgets"), "Refused"),
        ("apply", errors.UnavailableError("exceeded quota"), "Retrying"),
    ],
)
async def test_one_that_cannot_be_made_is_said_and_all_else_is_made(
    verb: Any, error: Exception, reason: str
) -> None:
    shop = Shop()
    shop.cluster.incidents.append(Incident(verb, BUDGET, error=error, times=99))
    for _ in range(3):
        shop.time.seconds += 2
        assert not await shop.operator.work()
    assert {raw["metadata"]["name"] for raw in shop.cluster.all("Deployment")} == {"shop-web", "shop-worker"}
    assert (shop.condition()["status"], shop.ready_reason) == ("False", reason)
    assert str(error) in shop.condition()["message"]
    shop.cluster.incidents.clear()
    await shop.later(budgets.FRESH)
    assert shop.budgets == {"shop-web": "25%", "shop-worker": "25%"}
