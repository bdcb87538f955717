"""The disruption budgets of a namespace, whoever made them, and which Pods each selects.

Kubernetes evicts no Pod that two budgets select, so ours is there only where no other one is.
"""

import dataclasses
import itertools
import json
import sys
from collections.abc import Hashable, Mapping
from typing import Any

from formation_operator.api import naming
from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.kinds import Key
from formation_operator.observe import children, formations
from formation_operator.observe.formations import Wanting
from formation_operator.observe.store import Change
from formation_operator.requeue import Lane

LONGEST_SELECTOR = 4096
"""Characters of a selector that is kept."""
ANY = "*"
"""Stands for a selector that is too long to be kept: it counts as one that selects every Pod."""
NOTHING = ""
"""Stands for no selector, which selects nothing."""
OF_A_FORMATION = f'"kind":"{naming.KIND}"'.encode()
"""How the API server writes an owner that is a Formation."""
USUAL_SIZE = 512
"""Bytes of memory that a budget takes without its selector."""


@dataclasses.dataclass(frozen=True, slots=True)
class Budget:
    """A PodDisruptionBudget, whoever made it."""

    namespace: str
    name: str
    resource_version: str
    selector: str
    """As the API server writes it, or `ANY` or `NOTHING`."""
    is_child: bool
    """Whether it is like the budget of a Formation's type, which `children` decide about."""

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Return whether it selects a Pod with these labels, as the API server does at an eviction."""
        if self.selector in (ANY, NOTHING):
            return self.selector == ANY
        selector = json.loads(self.selector)
        equal = lenient.mapping(selector, "matchLabels").items()
        expressions = lenient.items(selector, "matchExpressions")
        return all(labels.get(key) == value for key, value in equal) and all(
            _meets(labels, each) for each in expressions
        )

    def has_facts_of(self, text: bytes) -> bool:
        """Return whether a budget's JSON has the known facts: most changes are figures in its status.

        The quotes in strings are escaped, so no string can look like a selector.
        """
        selector = b'"selector":' + self.selector.encode()
        same = selector in text if self.selector else b'"selector":{' not in text
        return same and self.is_child == (OF_A_FORMATION in text)


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


def budget(raw: dict[str, Any]) -> Budget:
    """Return the facts of a budget as the API server gave it."""
    metadata, selector = raw["metadata"], lenient.mapping(raw, "spec").get("selector")
    text = json.dumps(selector, separators=(",", ":")) if isinstance(selector, dict) else NOTHING
    return Budget(
        namespace=lenient.shared(metadata["namespace"]),
        name=metadata["name"],
        resource_version=metadata["resourceVersion"],
        selector=text if len(text) <= LONGEST_SELECTOR else ANY,
        is_child=_is_child(metadata, selector),
    )


def _is_child(metadata: dict[str, Any], selector: Any) -> bool:
    """Return whether a budget has the name, the selector and an owner as the budget of a type has."""
    owner = children.controller(metadata)
    if owner is None or not owner.is_formation:
        return False
    process_type = naming.type_of(owner.name, metadata["name"])
    return bool(process_type) and selector == {"matchLabels": naming.selector(owner.name, process_type)}


def groups_of(budget: Budget) -> list[Hashable]:
    """Return the group of the Pods that a budget may select: of a label if it requires one, else of all."""
    if budget.is_child or budget.selector == NOTHING:
        return []
    selector = {} if budget.selector == ANY else json.loads(budget.selector)
    required = sorted(lenient.mapping(selector, "matchLabels").items())
    return [(budget.namespace, *label) for label in required[:1]] or [(budget.namespace,)]


def groups_over(namespace: str, labels: Mapping[str, str]) -> list[Hashable]:
    """Return the groups that have all budgets which may select a Pod with these labels."""
    return [(namespace,), *((namespace, *label) for label in labels.items())]


def size_of(budget: Budget, wanting: Wanting) -> int:
    """Return the bytes of memory that a budget takes; 0 for a child that a Formation wants."""
    if budget.is_child and wanting((budget.namespace, budget.name)):
        return 0
    return USUAL_SIZE + sys.getsizeof(budget.selector)


def lane_of(before: Budget | None, now: Budget | None) -> Lane | None:
    """Return the lane of the Formations beside a budget; nothing for a change that doesn't matter."""
    if before is not None and now is not None:
        before = dataclasses.replace(before, resource_version=now.resource_version)
    return Lane.BUILD if before != now else None


def concerned(change: Change[Budget], wanting: Wanting) -> set[Key]:
    """Return the Formations of the namespace that declare a budget; a child concerns them as such."""
    others = (each for each in change.facts if not each.is_child)
    found = (wanting(formations.declaring_budgets(each.namespace)) for each in others)
    return {*itertools.chain.from_iterable(found)}
