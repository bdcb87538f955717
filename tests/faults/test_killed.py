"""An operator that is killed between any two of its calls is continued by the next one."""

import asyncio
import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator

import pytest
from aiohttp import web

from tests.client import Client, eventually
from tests.cluster.cluster import Cluster
from tests.faults.apps import App
from tests.faults.place import Place, behind_a_proxy
from tests.faults.proxy import Call, Exchange, Rule
from tests.operator_process import OperatorProcess

pytestmark = [pytest.mark.alone, pytest.mark.long]
FEWEST = 6
"""Calls that either scenario takes at least."""


@pytest.fixture(scope="module")
def place(administrator: Cluster, operator: OperatorProcess) -> Iterator[Place]:
    with behind_a_proxy(administrator, operator) as made:
        yield made


@contextlib.contextmanager
def killed_at(place: Place, namespace: str, number: int, *, done: bool) -> Iterator[Rule]:
    """Kill the operator at its call of a number in a namespace, whether or not that is done."""
    numbers = itertools.count(1)

    def is_it(call: Call) -> bool:
        return f"/namespaces/{namespace}/" in call.path and next(numbers) == number

    async def kill(exchange: Exchange) -> web.StreamResponse:
        if done:
            await exchange.ask()
        await asyncio.to_thread(place.operator.kill)
        return exchange.cut()

    with place.proxy.having(is_it, kill, 1) as rule:
        yield rule


def is_killed_or_done(place: Place, rule: Rule, app: App) -> bool:
    """Tell whether the operator was killed, or has got by without the call that it was to be killed at."""
    return place.operator.pid is None if rule.hits else not app.wrong()


def survive(place: Place, user: Client, number: int, begin: Callable[[], App], *, done: bool) -> bool:
    """Have the operator killed at a call of what is begun, and continued; tell if there was that call."""
    with killed_at(place, user.namespace, number, done=done) as rule:
        app = begin()
        eventually(lambda: is_killed_or_done(place, rule, app))
    if rule.hits:
        place.operator.start()
    place.reach(app)
    user.server.delete("formation", user.namespace, app.name)
    return bool(rule.hits)


def changed(app: App) -> App:
    """Ask for something of every kind."""
    app.scale_child("web", 5)
    app.remove("worker")
    app.add("clock")
    app.update()
    return app


@pytest.mark.parametrize("done", [False, True], ids=["before it is done", "after it is done"])
def test_a_new_formation_survives_a_kill_at_every_call(place: Place, kubectl: Client, *, done: bool) -> None:
    for number in itertools.count(1):
        new = functools.partial(App.create, kubectl, f"shop-{number}")
        if not survive(place, kubectl, number, new, done=done):
            break
    assert number > FEWEST
    place.converge()
    print(f"killed at each of {number - 1} calls")


@pytest.mark.parametrize("done", [False, True], ids=["before it is done", "after it is done"])
def test_a_change_survives_a_kill_at_every_call(place: Place, kubectl: Client, *, done: bool) -> None:
    for number in itertools.count(1):
        app = App.create(kubectl, f"shop-{number}")
        place.converge(app)
        if not survive(place, kubectl, number, functools.partial(changed, app), done=done):
            break
    assert number > FEWEST
    place.converge()
    print(f"killed at each of {number - 1} calls")
