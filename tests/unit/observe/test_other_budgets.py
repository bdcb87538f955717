"""Which Pods a disruption budget selects, as the API server does at an eviction."""

from typing import Any

import pytest

from formation_operator.observe import other_budgets
from tests.shared.builders import Manifest

POD = {"app": "shop", "tier": "front"}
OWNER = {"apiVersion": "formations.dev/v1", "kind": "Formation", "name": "shop", "uid": "1"}


def selects(selector: Any, owner: Manifest | None = None) -> bool:
    """Return whether a budget as the API server has it selects a Pod."""
    metadata = {"name": "all", **({"ownerReferences": [{**owner, "controller": True}]} if owner else {})}
    spec = {"maxUnavailable": 1} | ({} if selector is None else {"selector": selector})
    return other_budgets.selects(other_budgets.selector_of({"metadata": metadata, "spec": spec}), POD)


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
    assert selects(selector) == selected


def test_a_budget_that_a_formation_owns_is_never_another_one() -> None:
    assert not selects({}, owner=OWNER)
    assert selects({}, owner={**OWNER, "kind": "Shop"})


def test_a_selector_that_is_too_long_counts_as_one_that_selects_everything() -> None:
    values = [f"value-{number}" for number in range(1000)]
    assert selects({"matchExpressions": [expression("app", "In", *values)]})
