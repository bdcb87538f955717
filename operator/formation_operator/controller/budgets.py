"""The disruption budgets of a pass: those of others are listed before one is made, and every ten minutes.

A list runs beside the passes: no count and no status waits for one.
"""

import asyncio
import collections
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, NoReturn

from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType, Trouble
from formation_operator.controller.passes import Pass
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import ChildKind, Key
from formation_operator.kube.port import Cluster
from formation_operator.observe import other_budgets
from formation_operator.observe.faults import Problem
from formation_operator.observe.other_budgets import OtherBudget
from formation_operator.release.asked import Asked, Content
from formation_operator.render import disruption
from formation_operator.requeue import Lane, Requeue
from formation_operator.shares import Shares

EVERY, FRESH = 600.0, 60.0
"""A namespace is listed again after so many seconds; before one of ours is made, after so many."""
MOST_PAGES = 10
MOST_BYTES, USUAL_SIZE = 32 * 2**20, 512
"""How much is kept of all namespaces, and what a budget takes without its selector."""
TOO_MANY = errors.UnavailableError("there are too many")


class Listed(NamedTuple):
    """The budgets of others in a namespace."""

    at: float
    """When the list began."""
    found: Mapping[Hashable, Sequence[OtherBudget]]
    """By the Pods that they may select; those of an earlier list if this one failed."""
    error: errors.ClusterError | None = None
    """Why the list failed."""

    def over(self, labels: Mapping[str, str]) -> Iterator[OtherBudget]:
        """Yield those that may select a Pod with some labels."""
        for group in other_budgets.groups_over(labels):
            yield from self.found.get(group, ())


class Others:
    """Lists the budgets of others in the namespaces of Formations that declare some, one after the other."""

    def __init__(self, cluster: Cluster, now: Callable[[], float]) -> None:
        """Take the port, and a clock that nobody sets."""
        self._cluster = cluster
        self._now = now
        self._listed: Shares[str, Listed] = Shares(MOST_BYTES, USUAL_SIZE)
        self.waiting = collections.defaultdict[str, set[Key]](set)
        """By namespace that is to be listed: the Formations that want a pass after that."""
        self._asked = asyncio.Event()

    def last(self, namespace: str) -> Listed | None:
        """Return the last list of a namespace, if there is one."""
        return self._listed.get(namespace, namespace)

    def due_in(self, key: Key, patience: float) -> float:
        """Return in how many seconds the list of a namespace is too old; have one that is made anew."""
        last = self.last(key[0])
        if last is not None and (remaining := last.at + patience - self._now()) > 0:
            return remaining
        self.waiting[key[0]].add(key)
        self._asked.set()
        return 0.0

    async def work(self, again: Callable[[Key], None]) -> NoReturn:
        """List what is due, for ever; ``again`` gives a Formation another pass."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            while self.waiting:
                for key in await self.turn():
                    again(key)

    async def turn(self) -> set[Key]:
        """List the next namespace, and return the Formations that want a pass."""
        namespace = next(iter(self.waiting))
        listed = await self._list(namespace)
        budgets = (each for group in listed.found.values() for each in group)
        size = sum(USUAL_SIZE + len(each.selector) for each in budgets)
        for fullest, _ in self._listed.put(namespace, namespace, listed, size):
            self._listed.put(fullest, fullest, Listed(listed.at, {}, TOO_MANY))
        return self.waiting.pop(namespace)

    async def _list(self, namespace: str) -> Listed:
        at, pages = self._now(), 0
        found = collections.defaultdict[Hashable, list[OtherBudget]](list)
        try:
            async for items, _ in self._cluster.pages(kinds.OTHER_BUDGET, namespace):
                for each in filter(None, map(other_budgets.budget, items)):
                    found[each.group].append(each)
                pages += 1
                if pages == MOST_PAGES:
                    raise TOO_MANY
        except errors.ClusterError as error:
            last = self.last(namespace)
            return Listed(at, last.found if last is not None else {}, error)
        return Listed(at, found)


class Budgets(NamedTuple):
    """What is to be done about the budgets that a Formation declares."""

    wanted: Mapping[str, int | str] = MappingProxyType({})
    """How many processes of a type a drain may have down, where the type is to have a budget."""
    contended: Mapping[str, str] = MappingProxyType({})
    """Why a type has none although one is declared, and the way out."""
    problems: Sequence[Problem] = ()
    """Why one isn't made for now."""
    again: Requeue | None = None
    """When to look at those of others again."""


async def decide(this: Pass, asked: Asked, content: Content, others: Others) -> Budgets:
    """Return what is to be done about disruption budgets.

    One isn't made for now if it isn't known whether it would be a second one; that is a problem if the others
    can't be listed.
    """
    spec = asked.formation.spec
    wanted = disruption.declared(spec, content.spec)
    if not wanted:
        return Budgets()
    last, contended = others.last(this.key[0]), dict[str, str]()
    if last is not None:
        contended = await _contended(asked, content, wanted, last)
    elif said := asked.before.condition(ConditionType.DISRUPTION_CONTENDED):
        contended = {"": said.message}  # it isn't taken back for a moment
    wanted = {name: budget for name, budget in wanted.items() if name not in contended}
    if spec.paused:
        return Budgets(wanted, contended)
    names = {name: (ChildKind.POD_DISRUPTION_BUDGET, naming.child(this.key[1], name)) for name in wanted}
    missing = [name for name in names if names[name] not in this.basis.children]
    due_in = others.due_in(this.key, FRESH if missing else EVERY)
    error = last.error if last is not None else None
    waiting = missing if error or not due_in else []
    made = {name: budget for name, budget in wanted.items() if name not in waiting}
    problems = [_unlisted(name, error) for name in waiting] if error else []
    return Budgets(made, contended, problems, Requeue(Lane.REPORT, due_in) if due_in else None)


async def _contended(asked: Asked, content: Content, types: Iterable[str], others: Listed) -> dict[str, str]:
    """Return why a type has no budget although one is declared; it yields to others after each type."""
    contended = {}
    for name in types:
        if why := disruption.contended(asked.formation, content.spec, name, others.over):
            contended[name] = why
        await asyncio.sleep(0)
    return contended


def _unlisted(name: str, error: errors.ClusterError) -> Problem:
    lasting = isinstance(error, errors.RefusedError)
    trouble = Trouble.REFUSED if lasting else Trouble.RETRYING
    why = f"its disruption budget waits, because the others of the namespace can't be listed: {error}"
    return Problem(name, trouble, why, lasting=lasting)
