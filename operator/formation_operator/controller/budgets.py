"""The disruption budgets of a pass: those of others are listed before one is made, and every ten minutes.

A list runs beside the passes: no count and no status waits for one.
"""

import asyncio
import collections
import contextlib
import dataclasses
import logging
import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, NoReturn

from formation_operator.api import naming
from formation_operator.api.formation_status import FormationStatus
from formation_operator.api.reasons import ConditionType, Trouble
from formation_operator.controller.plan import Wanted
from formation_operator.controller.steps import Pass
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import ChildKind, Key
from formation_operator.kube.port import Cluster
from formation_operator.observe import other_budgets
from formation_operator.observe.faults import Problem
from formation_operator.observe.other_budgets import OtherBudget
from formation_operator.render import disruption
from formation_operator.render.disruption import Budgets

logger = logging.getLogger(__name__)
EVERY, FRESH = 600.0, 60.0
"""A namespace is listed again after so many seconds; before one of ours is made, after so many."""
MOST_PAGES = 10
MOST_BYTES = 32 * 2**20
"""How much is kept of all namespaces: beyond that, the fullest one has too many."""
TOO_MANY = "there are too many"


class Listed(NamedTuple):
    """The budgets of others in a namespace."""

    at: float
    """When the list began."""
    found: Mapping[Hashable, Sequence[OtherBudget]]
    """By the Pods that they may select; those of an earlier list if this one failed."""
    size: int = 0
    error: str = ""
    """Why the list failed."""
    refused: bool = False

    def over(self, labels: Mapping[str, str]) -> Iterator[OtherBudget]:
        """Yield those that may select a Pod with some labels."""
        for group in other_budgets.groups_over(labels):
            yield from self.found.get(group, ())


NONE_YET = Listed(-math.inf, {})


def _now() -> float:
    return asyncio.get_running_loop().time()


class Others:
    """Lists the budgets of others in the namespaces of Formations that declare some, one after the other."""

    def __init__(self, cluster: Cluster, now: Callable[[], float] = _now) -> None:
        """Take the port, and a clock that nobody sets."""
        self._cluster = cluster
        self._now = now
        self._listed: dict[str, Listed] = {}
        self._due: dict[str, float] = {}
        self._waiting = collections.defaultdict[str, set[Key]](set)
        """The Formations that want a pass after the next list of their namespace."""
        self._asked = asyncio.Event()

    def last(self, namespace: str) -> Listed:
        """Return the last list of a namespace, or `NONE_YET`."""
        return self._listed.get(namespace, NONE_YET)

    def ask(self, key: Key, patience: float) -> bool:
        """Have a Formation's namespace listed before its list is so old; return whether it isn't by now."""
        namespace = key[0]
        due = self.last(namespace).at + patience
        self._waiting[namespace].add(key)
        if due < self._due.get(namespace, math.inf):
            self._due[namespace] = due
            self._asked.set()
        return self._now() < due

    @property
    def wait(self) -> float | None:
        """The seconds until the next list is due; nothing if none is asked for."""
        return min(self._due.values()) - self._now() if self._due else None

    async def work(self, again: Callable[[Key], None]) -> NoReturn:
        """List what is due, for ever; ``again`` gives a Formation another pass."""
        while True:
            wait = self.wait
            if wait is not None and wait <= 0:
                for key in await self.turn():
                    again(key)
                continue
            self._asked.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._asked.wait()

    async def turn(self) -> set[Key]:
        """List the namespace that is due first, and return the Formations that want a pass."""
        namespace = min(self._due, key=lambda each: self._due[each])
        found = await self._list(namespace)
        del self._due[namespace]
        self._listed = {
            each: there
            for each, there in self._listed.items()
            if each in self._due or there.at > found.at - EVERY  # else no Formation asks any more
        }
        self._listed[namespace] = found
        if sum(each.size for each in self._listed.values()) > MOST_BYTES:
            fullest = max(self._listed, key=lambda each: self._listed[each].size)
            self._listed[fullest] = Listed(found.at, {}, error=TOO_MANY)
        return self._waiting.pop(namespace)

    async def _list(self, namespace: str) -> Listed:
        at, last = self._now(), self.last(namespace)
        found, size, pages = collections.defaultdict[Hashable, list[OtherBudget]](list), 0, 0
        try:
            async for items, _ in self._cluster.pages(kinds.OTHER_BUDGET, namespace):
                for each in filter(None, map(other_budgets.budget, items)):
                    found[other_budgets.group_of(each)].append(each)
                    size += each.size
                pages += 1
                if pages == MOST_PAGES:
                    return last._replace(at=at, error=TOO_MANY, refused=False)
        except errors.ClusterError as error:
            refused = isinstance(error, errors.RefusedError)
            return last._replace(at=at, error=str(error), refused=refused)
        except Exception:
            logger.exception("The disruption budgets of %s can't be read", namespace)
            return last._replace(at=at, error="one can't be read", refused=False)
        return Listed(at, found, size)


async def with_budgets(this: Pass, wanted: Wanted, before: FormationStatus, others: Others) -> Wanted:
    """Return what is wanted together with the budgets of its types.

    A budget isn't made for now if it isn't known whether it would be a second one; that is a problem if the
    others can't be listed.
    """
    formation = wanted.formation
    declared = disruption.declared(formation.spec, wanted.content.spec)
    if not declared:
        return wanted
    last = others.last(this.key[0])
    contended = _as_reported(before) if last is NONE_YET else await _contended(wanted, declared, last)
    found = Budgets(declared, contended).without(contended)
    missing = [] if formation.spec.paused else _missing(this, wanted, found)
    is_known = formation.spec.paused or others.ask(this.key, FRESH if missing else EVERY)
    waiting = missing if last.error or not is_known else []
    unlisted = [_unlisted(name, last) for name in waiting] if last.error else []
    return dataclasses.replace(wanted, budgets=found.without(waiting), unlisted=unlisted)


def _as_reported(before: FormationStatus) -> dict[str, str]:
    """Return what was said before the first list: it isn't taken back for a moment."""
    said = before.condition(ConditionType.DISRUPTION_CONTENDED)
    return {"": said.message} if said is not None else {}


async def _contended(wanted: Wanted, declared: Iterable[str], others: Listed) -> dict[str, str]:
    """Return why a type has no budget although one is declared; it yields to others after each type."""
    contended = {}
    for name in declared:
        if why := disruption.contended(wanted.formation, wanted.content.spec, name, others.over):
            contended[name] = why
        await asyncio.sleep(0)
    return contended


def _missing(this: Pass, wanted: Wanted, found: Budgets) -> list[str]:
    """Return the types that should have a budget and have none."""
    formation = wanted.formation.metadata.name
    names = {name: (ChildKind.POD_DISRUPTION_BUDGET, naming.child(formation, name)) for name in found.wanted}
    return sorted(name for name, child in names.items() if child not in this.basis.children)


def _unlisted(name: str, last: Listed) -> Problem:
    message = (
        f"its disruption budget waits, because the others of the namespace can't be listed: {last.error}"
    )
    trouble = Trouble.REFUSED if last.refused else Trouble.RETRYING
    return Problem(name, trouble, message, lasting=last.refused)
