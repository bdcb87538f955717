"""Disruption budgets on a real API server, with the rights that we ship."""

import json
from typing import Any

import pytest

from tests.builders import Manifest, a_formation, a_process
from tests.client import Client, eventually

BUDGET = "poddisruptionbudget"
TYPES = {"web": a_process("/shop", "web", replicas=2, port=8080), "worker": a_process(replicas=3)}
PLAIN = a_formation(processes=TYPES)
SHOP = a_formation(disruptionBudget={}, processes=TYPES)
OURS = {"shop-web": "25%", "shop-worker": "25%"}
FORMATION = "formations.dev/formation"


def another(selector: Any, name: str = "theirs") -> Manifest:
    """Return a budget that somebody else makes."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"maxUnavailable": 1, **({} if selector is None else {"selector": selector})},
    }


def there(user: Client) -> dict[str, Any]:
    return {each["metadata"]["name"]: each["spec"]["maxUnavailable"] for each in user.list_all(BUDGET)}


def versions(user: Client) -> dict[str, tuple[str, int]]:
    """Return which objects there are and how often their specs were changed."""
    found = [each["metadata"] for kind in (BUDGET, "deployment") for each in user.list_all(kind)]
    return {each["name"]: (each["uid"], each["generation"]) for each in found}


def test_each_type_has_a_budget_that_no_count_changes(user: Client) -> None:
    user.apply(SHOP)
    eventually(lambda: there(user) == OURS)
    web = user.get(BUDGET, "shop-web")
    assert web["spec"] == {
        "maxUnavailable": "25%",
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {"matchLabels": {FORMATION: "shop", "formations.dev/process-type": "web"}},
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
    after = versions(user)
    assert {name: after[name] for name in OURS if name in after} == {
        name: (before[name][0], after[name][1]) for name in OURS
    }
    assert there(user) == OURS
    budgets_now = {each["metadata"]["name"]: each["metadata"]["generation"] for each in user.list_all(BUDGET)}
    assert budgets_now == {"shop-web": 1, "shop-worker": 1}


def test_declaring_and_undeclaring_one_rolls_nothing_out(user: Client) -> None:
    user.apply(PLAIN)
    user.reported()
    deployments = {each["metadata"]["name"]: each["metadata"] for each in user.list_all("deployment")}
    user.merge(
        "formation", "shop", {"spec": {"processes": {"web": {"disruptionBudget": {"maxUnavailable": 1}}}}}
    )
    eventually(lambda: there(user) == {"shop-web": 1})
    user.merge("formation", "shop", {"spec": {"processes": {"web": {"disruptionBudget": None}}}})
    eventually(lambda: there(user) == {})
    user.reported()
    for each in user.list_all("deployment"):
        before = deployments[each["metadata"]["name"]]
        assert each["metadata"]["generation"] == before["generation"]
        assert each["metadata"]["annotations"].keys() == before["annotations"].keys() | {
            "deployment.kubernetes.io/revision"
        }
    assert user.get("formation", "shop")["status"]["revision"]["number"] == 1


@pytest.mark.parametrize(
    "selector",
    [{}, {"matchExpressions": [{"key": FORMATION, "operator": "In", "values": ["blog", "shop"]}]}],
    ids=["everything", "In"],
)
def test_ours_is_never_made_beside_one_that_selects_the_pods(user: Client, selector: Any) -> None:
    user.apply(another(selector))
    user.apply(SHOP)
    said = eventually(lambda: user.condition("DisruptionContended"))
    assert "PodDisruptionBudget theirs" in said["message"]
    assert there(user) == {"theirs": 1}
    assert not user.events("Deleted"), "none was made"


@pytest.mark.parametrize("selector", [None, {"matchLabels": {FORMATION: "blog"}}], ids=["null", "other"])
def test_one_that_selects_other_pods_is_beside_ours(user: Client, selector: Any) -> None:
    user.apply(another(selector))
    user.apply(SHOP)
    eventually(lambda: there(user) == {**OURS, "theirs": 1})
    user.reported()
    assert user.condition("DisruptionContended") is None


def test_a_full_quota_is_said_and_stops_nothing_else(user: Client) -> None:
    user("create", "quota", "none", "--hard=count/poddisruptionbudgets.policy=0")
    eventually(lambda: user.get("resourcequota", "none").get("status", {}).get("hard"))
    user.apply(a_formation("plain", processes=TYPES))
    user.apply(SHOP)
    ready = eventually(lambda: asked(user, "exceeded quota"))
    assert ready["reason"] == "Retrying"
    assert user.find("deployment", "shop-web")
    plain = user.reported("plain")["status"]["conditions"]
    assert "quota" not in json.dumps(plain)
    user("delete", "quota", "none")
    eventually(lambda: there(user) == OURS)


def asked(user: Client, words: str) -> dict[str, Any] | None:
    ready = user.condition("Ready")
    return ready if ready and words in ready["message"] else None
