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


class Listed(NamedTuple):
    """What a list of them has shown about the types of a Formation."""

    at: float
    """When a pass last listed them, or tried to."""
    what: tuple[str, ...]
    """The content that had the types, and the types."""
    found: Mapping[str, str]
    """Why a type has no budget of its own; it is empty where it has one. A list that failed changes none."""
    error: errors.ClusterError | None = None
    """Why the list failed."""


NEVER = Listed(-math.inf, (), {})
"""They weren't listed yet."""


def selector(raw: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a budget selects; nothing if it selects no Pod, or is a child that has lost our label."""
    owner, found = children.controller(raw["metadata"]), lenient.mapping(raw, "spec").get("selector")
    if not isinstance(found, dict) or (owner is not None and owner.is_formation):
        return None
    return found if len(json.dumps(found)) <= LONGEST_SELECTOR else {}


def selects(chosen: dict[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Return whether a selector chooses a Pod with these labels, as the API server does at an eviction."""
    return (
        chosen is not None
        and lenient.mapping(chosen, "matchLabels").items() <= labels.items()
        and all(_meets(labels, each) for each in lenient.items(chosen, "matchExpressions"))
    )


def _meets(labels: Mapping[str, str], expression: dict[str, Any]) -> bool:
    """Return whether labels meet an item of matchExpressions."""
    value, values = labels.get(str(expression.get("key"))), lenient.texts(expression, "values")
    found: dict[Any, bool] = {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }
    return found.get(expression.get("operator"), False)
