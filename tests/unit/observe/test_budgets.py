"""Which Pods a disruption budget selects, as the API server does at an eviction, and what is kept of one."""

import json
from typing import Any

import pytest

from formation_operator.api import naming
from formation_operator.observe import budgets
from formation_operator.observe.budgets import Budget
from tests.builders import Manifest

POD = {"app": "shop", "tier": "front"}
OWNER = {
    "apiVersion": "formations.dev/v1",
    "kind": "Formation",
    "name": "shop",
    "uid": "1",
    "controller": True,
}


def raw(selector: Any = None, name: str = "all", owner: Manifest | None = None, **status: Any) -> Manifest:
    """Return a budget as the API server has it."""
    metadata = {
        "name": name,
        "namespace": "default",
        "resourceVersion": "5",
        "annotations": {"selector": "{}"},
    }
    owned = {"ownerReferences": [owner]} if owner else {}
    spec = {"maxUnavailable": 1} | ({} if selector is None else {"selector": selector})
    return {"metadata": {**metadata, **owned}, "spec": spec, "status": {"currentHealthy": 1, **status}}


def line(budget: Manifest) -> bytes:
    """Return it as a watch brings it."""
    return json.dumps(budget, separators=(",", ":")).encode()


def known(selector: Any = None, **more: Any) -> Budget:
    return budgets.budget(raw(selector, **more))


def expression(key: str, operator: str, *values: str) -> Manifest:
    return {"key": key, "operator": operator, **({"values": [*values]} if values else {})}


# As LabelSelectorAsSelector has it in k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go.
@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        pytest.param(None, False, id="no selector selects nothing"),
        pytest.param({}, True, id="an empty one selects everything"),
        pytest.param({"matchLabels": {}}, True, id="an empty matchLabels selects everything"),
        pytest.param({"matchLabels": {"app": "shop"}}, True, id="a label"),
        pytest.param({"matchLabels": {"app": "shop", "tier": "back"}}, False, id="one label of two"),
        pytest.param({"matchLabels": {"other": "shop"}}, False, id="a label that isn't there"),
        pytest.param({"matchExpressions": [expression("app", "In", "blog", "shop")]}, True, id="In"),
        pytest.param({"matchExpressions": [expression("app", "In", "blog")]}, False, id="In, not in"),
        pytest.param({"matchExpressions": [expression("no", "In", "shop")]}, False, id="In, absent"),
        pytest.param({"matchExpressions": [expression("app", "NotIn", "shop")]}, False, id="NotIn"),
        pytest.param({"matchExpressions": [expression("app", "NotIn", "blog")]}, True, id="NotIn, not in"),
        pytest.param({"matchExpressions": [expression("no", "NotIn", "shop")]}, True, id="NotIn, absent"),
        pytest.param({"matchExpressions": [expression("app", "Exists")]}, True, id="Exists"),
        pytest.param({"matchExpressions": [expression("no", "Exists")]}, False, id="Exists, absent"),
        pytest.param({"matchExpressions": [expression("app", "DoesNotExist")]}, False, id="DoesNotExist"),
        pytest.param(
            {"matchExpressions": [expression("no", "DoesNotExist")]}, True, id="DoesNotExist, absent"
        ),
        pytest.param({"matchExpressions": [expression("app", "Like", "s")]}, False, id="unknown operator"),
        pytest.param(
            {"matchLabels": {"app": "shop"}, "matchExpressions": [expression("tier", "NotIn", "front")]},
            False,
            id="both are needed",
        ),
    ],
)
def test_a_budget_selects_what_the_api_server_says(selector: Any, selected: bool) -> None:
    budget = known(selector)
    assert budget.selects(POD) == selected
    found = set(budgets.groups_of(budget)) & set(budgets.groups_over("default", POD))
    assert found or not selected, "it is found wherever it selects"
    assert not set(budgets.groups_of(budget)) & set(budgets.groups_over("other", POD))


@pytest.mark.parametrize("selector", [None, {}, {"matchLabels": {"app": "shop"}}])
def test_a_change_of_a_status_is_seen_without_parsing(selector: Any) -> None:
    assert known(selector).has_facts_of(line(raw(selector, currentHealthy=7)))


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (None, {}),
        ({}, None),
        ({}, {"matchLabels": {"app": "shop"}}),
        ({"matchLabels": {"app": "shop"}}, {"matchLabels": {"app": "shop", "tier": "front"}}),
        ({"matchLabels": {"app": "shop"}}, {"matchExpressions": [expression("app", "Exists")]}),
    ],
)
def test_another_selector_is_seen(before: Any, now: Any) -> None:
    assert not known(before).has_facts_of(line(raw(now)))


def test_a_child_that_lost_its_owner_is_seen() -> None:
    selector = {"matchLabels": naming.selector("shop", "web")}
    child = known(selector, name="shop-web", owner=OWNER)
    assert child.has_facts_of(line(raw(selector, "shop-web", OWNER, currentHealthy=2)))
    assert not child.has_facts_of(line(raw(selector, "shop-web")))


def test_only_what_is_like_the_budget_of_a_type_is_a_child() -> None:
    selector = {"matchLabels": naming.selector("shop", "web")}
    child = known(selector, name="shop-web", owner=OWNER)
    assert child.is_child
    assert budgets.groups_of(child) == [], "the planner decides about it: it is never another one"
    others = [
        known(selector, name="shop-web"),
        known(selector, name="shop-worker", owner=OWNER),
        known({}, name="shop-web", owner=OWNER),
        known(selector, name="shop-web", owner={**OWNER, "kind": "Shop"}),
    ]
    assert not any(each.is_child for each in others)
    assert all(each.selects(naming.selector("shop", "web")) for each in others)


def test_a_selector_that_is_too_long_counts_as_one_that_selects_everything() -> None:
    values = [f"value-{number}" for number in range(1000)]
    long = {"matchExpressions": [expression("app", "In", *values)]}
    assert known(long).selects(POD)
    assert len(known(long).selector) == 1
