"""Which process types declare a disruption budget, and the labels by which another one may select them.

What is declared today counts, whatever content is rendered: a budget is none of it.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from formation_operator.api import naming
from formation_operator.api.formation import BUDGET, FormationSpec
from formation_operator.observe.faults import Problem
from formation_operator.observe.pods import TEMPLATE_LABEL
from formation_operator.render import pod_template


class Budgets(NamedTuple):
    """What is to be done about the budgets that a Formation declares."""

    own: Mapping[str, int | str] = MappingProxyType({})
    """How many processes of a type a drain may have down, where the type is to have a budget."""
    contended: Mapping[str, str] = MappingProxyType({})
    """Why a type has none although one is declared, and the way out."""
    problems: Sequence[Problem] = ()
    """Why one isn't made for now."""


NONE = Budgets()
"""What a Formation has that declares none."""


def declared(today: FormationSpec, content: FormationSpec) -> dict[str, int | str]:
    """Return how many processes of each type of a content a drain may have down, where that is declared."""
    budgets: dict[str, int | str] = {}
    for name, rendered in content.processes.items():
        process = today.processes.get(name) or rendered
        budget = process.disruption_budget or today.disruption_budget
        if budget is not None and not process.singleton:
            budgets[name] = BUDGET if budget.max_unavailable is None else budget.max_unavailable
    return budgets


def labels(formation: str, content: FormationSpec, name: str) -> dict[str, str]:
    """Return the labels of a type's own Pods, with that of their ReplicaSet."""
    own = pod_template.labels(formation, name, content, content.processes[name])
    return {**own, TEMPLATE_LABEL: "", naming.TRACK_LABEL: naming.STABLE}
