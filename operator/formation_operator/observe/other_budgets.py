"""The disruption budgets of others in a namespace, and which Pods each selects.

Kubernetes evicts no Pod that two budgets select, so ours is there only where no other one is.
"""

import dataclasses
import json
from collections.abc import Hashable, Mapping
from typing import Any

from formation_operator.api import naming
from formation_operator.kube.objects import lenient
from formation_operator.observe import children

LONGEST_SELECTOR = 2048
"""Characters of a selector that is kept."""
ANY = "*"
"""Stands for a selector that is too long to be kept: it counts as one that selects every Pod."""
USUAL_SIZE = 512
"""Bytes of memory that a budget takes without its selector."""


@dataclasses.dataclass(frozen=True, slots=True)
class OtherBudget:
    """A PodDisruptionBudget that isn't ours."""

    name: str
    selector: str
    """As the API server writes it, or `ANY`."""

    @property
    def size(self) -> int:
        """The bytes of memory that it takes."""
        return USUAL_SIZE + len(self.selector)

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Return whether it selects a Pod with these labels, as the API server does at an eviction."""
        if self.selector == ANY:
            return True
        selector = json.loads(self.selector)
        equal = lenient.mapping(selector, "matchLabels").items()
        expressions = lenient.items(selector, "matchExpressions")
        return all(labels.get(key) == value for key, value in equal) and all(
            _meets(labels, each) for each in expressions
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
    metadata, selector = raw["metadata"], lenient.mapping(raw, "spec").get("selector")
    if not isinstance(selector, dict) or _is_child(metadata, selector):
        return None
    text = json.dumps(selector, separators=(",", ":"))
    return OtherBudget(metadata["name"], text if len(text) <= LONGEST_SELECTOR else ANY)


def _is_child(metadata: dict[str, Any], selector: Any) -> bool:
    """Return whether a budget has the name, the selector and an owner as the budget of a type has."""
    owner = children.controller(metadata)
    if owner is None or not owner.is_formation:
        return False
    process_type = naming.type_of(owner.name, metadata["name"])
    return bool(process_type) and selector == {"matchLabels": naming.selector(owner.name, process_type)}


def group_of(budget: OtherBudget) -> Hashable:
    """Return the group of the Pods that a budget may select: of a label if it requires one, else of all."""
    selector = {} if budget.selector == ANY else json.loads(budget.selector)
    return next(iter(sorted(lenient.mapping(selector, "matchLabels").items())), None)


def groups_over(labels: Mapping[str, str]) -> list[Hashable]:
    """Return the groups that have all budgets which may select a Pod with these labels."""
    return [None, *labels.items()]
