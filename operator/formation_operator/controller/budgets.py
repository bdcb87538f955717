"""The disruption budgets of a pass. Those of others are listed at its end, once all else is done.

What comes of that is known in the next pass, which follows at once if it has anything to do.
"""

import asyncio
from collections.abc import Iterable

from formation_operator.api import naming
from formation_operator.api.formation import FormationSpec, Metadata
from formation_operator.api.reasons import ConditionType, Trouble
from formation_operator.controller.passes import Pass
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.port import Cluster, first_objects, patient
from formation_operator.observe import other_budgets
from formation_operator.observe.faults import Problem
from formation_operator.observe.other_budgets import OtherBudgets
from formation_operator.observe.snapshot import Snapshot
from formation_operator.render import disruption
from formation_operator.render.disruption import Budgets
from formation_operator.requeue import Lane, Requeue
from formation_operator.rollout.rollout import Content

EVERY, FRESH = 600.0, 60.0
"""Seconds until the budgets of others are listed again; before one of ours is made, until that is too old."""
WAY_OUT = (
    "so the Formation has none of its own, because Kubernetes evicts no Pod that two budgets select: "
    "delete the other budget, or remove disruptionBudget"
)


def decide(pass_: Pass, snapshot: Snapshot, content: Content) -> Budgets:
    """Return what is to be done about disruption budgets, by the last list of those of others.

    One isn't made for now if it isn't known whether it would be a second one.
    """
    declared, others = disruption.declared(snapshot.spec, content.spec), pass_.memory.others
    contended = {name: others.reasons[name] for name in declared if others.reasons.get(name)}
    own = {name: budget for name, budget in declared.items() if name not in contended}
    reported = snapshot.status.condition(ConditionType.DISRUPTION_CONTENDED)
    if own and reported and not others.reasons:
        contended = {"": reported.message}  # it isn't taken back for a moment
    is_usable = others.error is None and snapshot.now - others.at < FRESH
    waiting = [name for name in _missing(pass_, own) if name not in others.reasons or not is_usable]
    made = {name: budget for name, budget in own.items() if name not in waiting}
    return Budgets(made, contended, [_unlisted(name, others.error) for name in waiting if others.error])


async def look(
    cluster: Cluster, pass_: Pass, snapshot: Snapshot, content: Content, decided: Budgets
) -> Requeue | None:
    """List the budgets of others where that is due; return when another pass is wanted because of them."""
    spec = snapshot.spec
    names = [] if spec.paused else [*disruption.declared(spec, content.spec)]
    types = (pass_.memory.rollout.digest if content.is_declared else str(content.mark)), *names
    if not names:
        pass_.memory.others = other_budgets.NEVER
    elif types != pass_.memory.others.types or _due_in(pass_, names, snapshot.now) <= 0:
        others = OtherBudgets(snapshot.now, types, pass_.memory.others.reasons)
        try:
            reasons = await patient(_contended(cluster, snapshot.owner, content.spec, names))
            pass_.memory.others = others._replace(reasons=reasons)
        except errors.ClusterError as error:
            pass_.memory.others = others._replace(error=error)
    if decide(pass_, snapshot, content) != decided:
        return Requeue(Lane.BUILD)
    return Requeue(Lane.REPORT, _due_in(pass_, names, snapshot.now)) if names else None


def _due_in(pass_: Pass, types: Iterable[str], now: float) -> float:
    """Return in how many seconds the last list is too old; sooner where one of ours is to be made."""
    others = pass_.memory.others
    is_one_missing = _missing(pass_, (name for name in types if not others.reasons.get(name)))
    return others.at + (FRESH if is_one_missing else EVERY) - now


def _missing(pass_: Pass, types: Iterable[str]) -> list[str]:
    """Return which types have no budget of ours."""
    kind = ChildKind.POD_DISRUPTION_BUDGET
    return [name for name in types if (kind, naming.child(pass_.key[1], name)) not in pass_.basis.children]


async def _contended(
    cluster: Cluster, owner: Metadata, content: FormationSpec, types: Iterable[str]
) -> dict[str, str]:
    """Return why each type has no budget although one is declared; it is empty where it has one.

    This yields to others after each budget.
    """
    reasons = dict.fromkeys(types, "")
    labels = {name: disruption.labels(owner.name, content, name) for name in reasons}
    pages = (page async for page, _ in cluster.pages(kinds.OTHER_BUDGET, owner.namespace))
    async for raw in first_objects(pages, whole=True):
        selector = other_budgets.selector_of(raw)
        for name, reason in reasons.items():
            if not reason and other_budgets.selects(selector, labels[name]):
                other = f"PodDisruptionBudget {raw['metadata']['name']}"
                reasons[name] = f"{name}: {other} selects its processes, {WAY_OUT}"
        await asyncio.sleep(0)
    return reasons


def _unlisted(name: str, error: errors.ClusterError) -> Problem:
    trouble = Trouble.REFUSED if error.is_lasting else Trouble.RETRYING
    why = f"its disruption budget waits, because the namespace's other budgets can't be listed: {error}"
    return Problem(name, trouble, why, lasting=error.is_lasting)
