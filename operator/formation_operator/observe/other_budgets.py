"""The disruption budgets of others in a namespace, and which Pods each selects.

Kubernetes evicts no Pod that two budgets select, so ours is there only where no other one is.
"""

import json
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

from formation_operator.kube.objects import lenient
from formation_operator.observe import children

LONGEST_SELECTOR = 2048
"""Characters of a selector that is kept; a longer one counts as one that selects every Pod."""


class OtherBudget(NamedTuple):
    """A PodDisruptionBudget that isn't ours."""

    name: str
    selector: str
    """As the API server writes it: parsed, it takes many times more memory."""

    @property
    def group(self) -> Hashable:
        """The group of the Pods that it may select: those with a label if it requires one, else all."""
        return next(iter(lenient.mapping(json.loads(self.selector), "matchLabels").items()), None)

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Return whether it selects a Pod with these labels, as the API server does at an eviction."""
        selector = json.loads(self.selector)
        equal = lenient.mapping(selector, "matchLabels").items()
        return equal <= labels.items() and all(
            _meets(labels, each) for each in lenient.items(selector, "matchExpressions")
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


def budget(raw: dict[str, Any]) -> OtherBudget | None:
    """Return the facts of a budget; nothing if it selects no Pod, or is a child that has lost our label."""
    owner, selector = children.controller(raw["metadata"]), lenient.mapping(raw, "spec").get("selector")
    if not isinstance(selector, dict) or (owner is not None and owner.is_formation):
        return None
    text = json.dumps(selector, separators=(",", ":"))
    return OtherBudget(raw["metadata"]["name"], text if len(text) <= LONGEST_SELECTOR else "{}")


def groups_over(labels: Mapping[str, str]) -> list[Hashable]:
    """Return the groups that have all budgets which may select a Pod with these labels."""
    return [None, *labels.items()]
