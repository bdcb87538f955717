"""The disruption budgets of a pass: the namespace's are listed before one is made, which may be a second."""

import asyncio
import dataclasses
import functools

from formation_operator.api import naming
from formation_operator.api.reasons import Trouble
from formation_operator.controller.plan import Wanted
from formation_operator.controller.steps import Pass
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.port import Cluster
from formation_operator.observe.cache import Cache
from formation_operator.observe.faults import Problem
from formation_operator.render import disruption
from formation_operator.render.disruption import Budgets
from formation_operator.replicas import write_through


async def with_budgets(this: Pass, wanted: Wanted, known: Cache, cluster: Cluster) -> Wanted:
    """Return what is wanted together with the budgets of its types.

    A budget is left out for now, with a problem, if it isn't known whether it would be a second one.
    """
    formation, content = wanted.formation, wanted.content.spec
    if not disruption.declared(formation.spec, content):
        return wanted
    namespace = formation.metadata.namespace
    found = await _decided(this, wanted, known)
    missing = _missing(this, wanted, found)
    if missing and not formation.spec.paused:
        try:
            await write_through.look_at(cluster, known, kinds.OTHER_BUDGET, namespace, this.changes)
        except errors.ClusterError as error:
            unlisted = [_unlisted(name, error) for name in missing]
            return dataclasses.replace(wanted, budgets=found.without(missing), unlisted=unlisted)
        found = await _decided(this, wanted, known)
    return dataclasses.replace(wanted, budgets=found)


async def _decided(this: Pass, wanted: Wanted, known: Cache) -> Budgets:
    """Return what is to be done about each budget, by what is known; it yields to others after each type."""
    formation, content = wanted.formation, wanted.content.spec
    over = functools.partial(known.budgets_over, formation.metadata.namespace)
    declared = disruption.declared(formation.spec, content)
    contended = {}
    for name in declared:
        if why := disruption.contended(formation, content, name, this.basis.children, over):
            contended[name] = why
        await asyncio.sleep(0)
    return Budgets(declared, contended).without(contended)


def _missing(this: Pass, wanted: Wanted, found: Budgets) -> list[str]:
    """Return the types that should have a budget and have none."""
    formation = wanted.formation.metadata.name
    names = {name: (ChildKind.POD_DISRUPTION_BUDGET, naming.child(formation, name)) for name in found.wanted}
    return sorted(name for name, child in names.items() if child not in this.basis.children)


def _unlisted(name: str, error: errors.ClusterError) -> Problem:
    message = f"its disruption budget waits, because the others of the namespace can't be listed: {error}"
    lasting = isinstance(error, errors.RefusedError)
    return Problem(name, Trouble.REFUSED if lasting else Trouble.RETRYING, message, lasting=lasting)
