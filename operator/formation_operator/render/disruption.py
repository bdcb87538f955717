"""Which process types should have a disruption budget: where one is declared, and no other budget is there.

What is declared today counts, whatever content is rendered: a budget is none of it.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping

from formation_operator.api.formation import BUDGET, Formation, FormationSpec
from formation_operator.observe.other_budgets import OtherBudget
from formation_operator.observe.pods import TEMPLATE_LABEL
from formation_operator.render import pod_template

MOST = 256
"""How many budgets of others are looked at for a type: beyond that, one is taken to select its processes."""
WAY_OUT = (
    "so the Formation has none of its own, because Kubernetes evicts no Pod that two select: "
    "delete the other one, or remove disruptionBudget"
)


def declared(today: FormationSpec, content: FormationSpec) -> dict[str, int | str]:
    """Return how many processes of each type of a content a drain may have down, where that is declared."""
    found: dict[str, int | str] = {}
    for name, rendered in content.processes.items():
        process = today.processes.get(name) or rendered
        budget = process.disruption_budget or today.disruption_budget
        if budget is not None and not process.singleton:
            found[name] = BUDGET if budget.max_unavailable is None else budget.max_unavailable
    return found


def contended(
    formation: Formation,
    content: FormationSpec,
    name: str,
    over: Callable[[Mapping[str, str]], Iterable[OtherBudget]],
) -> str:
    """Return why a type has no budget although one is declared, and the way out; nothing if it has one.

    ``over`` returns the budgets of others that may select a Pod with some labels.
    """
    labels = pod_template.labels(formation.metadata.name, name, content, content.processes[name])
    labels = {TEMPLATE_LABEL: "", **labels}
    for number, each in enumerate(itertools.islice(over(labels), MOST + 1)):
        if number == MOST:
            return f"{name}: more than {MOST} PodDisruptionBudgets may select its processes, {WAY_OUT}"
        if each.selects(labels):
            return f"{name}: PodDisruptionBudget {each.name} selects its processes, {WAY_OUT}"
    return ""
