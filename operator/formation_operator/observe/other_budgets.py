"""Which Pods the disruption budgets of others select.

Kubernetes evicts no Pod that two budgets select, so ours is there only where no other one is.
"""

import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from formation_operator.kube import errors
from formation_operator.kube.objects import lenient
from formation_operator.observe import children

LONGEST_SELECTOR = 2048
"""Characters of a selector that is looked at; a longer one counts as one that selects every Pod."""


class OtherBudgets(NamedTuple):
    """What a list of them has shown about the types of a Formation."""

    at: float
    """When a pass last listed them, or tried to."""
    types: tuple[str, ...]
    """The content that had the types, and the types."""
    reasons: Mapping[str, str]
    """Why a type has no budget of its own; it is empty where it has one. A list that failed changes none."""
    error: errors.ClusterError | None = None
    """Why the list failed."""


NEVER = OtherBudgets(-math.inf, (), {})
"""They weren't listed yet."""


def selector_of(raw: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a budget selects; nothing if it selects no Pod, or is a child that has lost our label."""
    owner = children.controller(raw["metadata"])
    labels = lenient.mapping(raw, "spec").get("selector")
    if not isinstance(labels, dict) or (owner is not None and owner.is_formation):
        return None
    return labels if len(json.dumps(labels)) <= LONGEST_SELECTOR else {}


def selects(selector: dict[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Return whether a selector chooses a Pod with these labels, as the API server does at an eviction."""
    return (
        selector is not None
        and lenient.mapping(selector, "matchLabels").items() <= labels.items()
        and all(_meets(labels, each) for each in lenient.items(selector, "matchExpressions"))
    )


def _meets(labels: Mapping[str, str], expression: dict[str, Any]) -> bool:
    """Return whether labels meet an item of matchExpressions."""
    value, values = labels.get(str(expression.get("key"))), lenient.texts(expression, "values")
    results: dict[Any, bool] = {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }
    return results.get(expression.get("operator"), False)
