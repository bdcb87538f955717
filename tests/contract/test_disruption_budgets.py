"""Disruption budgets on a real API server, with the rights that we ship."""

from typing import Any

from formation_operator.api import naming
from tests.live.client import Client, eventually, throughout
from tests.shared.builders import a_formation, a_process

BUDGET = "poddisruptionbudget"
TYPES = {"web": a_process("/shop", "web", replicas=2, port=8080), "worker": a_process(replicas=3)}
SHOP = a_formation(disruptionBudget={}, processes=TYPES)
OURS = {"shop-web": "25%", "shop-worker": "25%"}


def there(user: Client) -> dict[str, Any]:
    return {each["metadata"]["name"]: each["spec"]["maxUnavailable"] for each in user.list_all(BUDGET)}


def versions(user: Client) -> dict[str, tuple[str, int]]:
    """Return which budgets there are and how often their specs were changed."""
    found = [each["metadata"] for each in user.list_all(BUDGET)]
    return {each["name"]: (each["uid"], each["generation"]) for each in found}


def test_each_type_has_a_budget_that_no_count_changes(user: Client) -> None:
    user.apply(SHOP)
    eventually(lambda: there(user) == OURS)
    web = user.get(BUDGET, "shop-web")
    assert web["spec"] == {
        "maxUnavailable": "25%",
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {"matchLabels": naming.selector("shop", "web", naming.STABLE)},
    }
    (owner,) = web["metadata"]["ownerReferences"]
    assert owner["uid"] == user.get("formation", "shop")["metadata"]["uid"]
    user.reported()
    before = versions(user)
    user("scale", "deployment/shop-web", "--replicas=5")
    eventually(lambda: user.get("formation", "shop")["spec"]["processes"]["web"]["replicas"] == 5)
    user.merge("formation", "shop", {"spec": {"suspend": True}})
    eventually(lambda: user.get("deployment", "shop-web")["spec"]["replicas"] == 0)
    user.reported()
    assert versions(user) == before
    user.merge("formation", "shop", {"spec": {"disruptionBudget": None}})
    eventually(lambda: there(user) == {})


def test_one_of_its_name_that_somebody_made_stays(user: Client) -> None:
    user("create", BUDGET, "shop-web", "--selector=app=blog", "--max-unavailable=1")
    user.apply(SHOP)
    eventually(lambda: "shop-worker" in there(user))
    user.reported()
    assert throughout(2, lambda: there(user)) == {"shop-web": 1, "shop-worker": "25%"}
