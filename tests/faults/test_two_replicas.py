"""One of two replicas works, the other takes over, and what the first one meant to write comes to nothing.

What else may become of a Lease is in `tests/unit/controller/test_leader.py`.

The seconds that a change waits are printed; 15 after a crash and 1 after SIGTERM are promised.
"""

import asyncio
import re
import signal
import time
from collections.abc import Callable, Iterator

import pytest
from aiohttp import web

from hack.cluster.cluster import Cluster
from hack.operator_process import OperatorProcess, healthy
from tests.contract.counting import count
from tests.faults.place import Place
from tests.faults.proxy import Call, Effect, Exchange
from tests.faults.replicas import PLACE, Replica, holder, two
from tests.live import server
from tests.live.client import Client, eventually, throughout
from tests.shared.builders import a_formation, a_process

pytestmark = pytest.mark.alone

AFTER_A_CRASH = 15.0
Pair = tuple[Replica, Replica]


@pytest.fixture(scope="module")
def no_other(operator: OperatorProcess) -> Iterator[None]:
    """No operator but the test's own; afterwards there is one again."""
    operator.stop()
    yield
    operator.start()


@pytest.fixture
def pair(no_other: None, administrator: Cluster) -> Iterator[Pair]:
    with two(administrator) as replicas:
        yield replicas


@pytest.fixture
def shop(pair: Pair, kubectl: Client) -> Client:
    """A user with a Formation that the first replica has made."""
    kubectl.applied(a_formation(processes={"worker": a_process(replicas=1)}))
    return kubectl


def scale(user: Client, replicas: int) -> None:
    user.merge("formation", "shop", {"spec": {"processes": {"worker": {"replicas": replicas}}}})


def seconds_until(come_true: Callable[[], bool], patience: float) -> float:
    began = time.monotonic()
    while not come_true():
        assert time.monotonic() - began < patience, "it takes too long"
        time.sleep(0.01)
    return time.monotonic() - began


def conflicts(user: Client) -> int:
    """Return how often the API server has refused a patch of a Deployment because it had another version."""
    metrics = user.server.request("GET", "/metrics").decode()
    found = re.findall(
        r'^apiserver_request_total\{code="409",.*resource="deployments".* (\d+)$', metrics, re.MULTILINE
    )
    return sum(map(int, found))


def test_after_the_leader_was_killed_the_next_change_is_acted_on(pair: Pair, shop: Client) -> None:
    first, second = pair
    first.send(signal.SIGKILL)
    scale(shop, 3)
    seconds = seconds_until(lambda: count(shop) == 3, AFTER_A_CRASH)
    print(f"\nkill -9 of the leader: the next change waits {seconds:.2f} s")
    assert healthy(second.health)


def test_after_sigterm_the_lease_is_released_and_the_next_change_acted_on(
    pair: Pair, shop: Client, administrator: Cluster
) -> None:
    first, _ = pair
    before = holder(administrator)
    began = time.monotonic()
    first.send(signal.SIGTERM)
    released = seconds_until(lambda: holder(administrator) != before, 5)
    scale(shop, 3)
    eventually(lambda: count(shop) == 3)
    print(
        f"\nSIGTERM: released after {released:.2f} s, a change then acted on {time.monotonic() - began:.2f} s"
    )
    assert "is released" in first.said


def test_a_lease_that_is_deleted_is_made_again_by_its_holder(pair: Pair, administrator: Cluster) -> None:
    """A right to create it, by its name, is of use here alone."""
    leader = holder(administrator)
    server.of(administrator).delete("lease", *PLACE)
    eventually(lambda: holder(administrator) == leader)


@pytest.mark.long
def test_what_a_leader_sent_before_its_connection_was_mended_is_refused(
    place: Place, no_other: None, kubectl: Client, administrator: Cluster
) -> None:
    place.operator.stop()
    with two(administrator, place.kubeconfig) as (first, second):
        kubectl.applied(a_formation(processes={"worker": a_process(replicas=1)}))
        with place.proxy.having(Call.is_any, held(gate := asyncio.Event())) as rule:
            scale(kubectl, 4)  # it hears of this, and what it writes gets stuck
            eventually(lambda: "This replica writes nothing" in first.said)
            eventually(lambda: count(kubectl) == 4)
            assert "This replica leads" in second.said
            scale(kubectl, 2)
            eventually(lambda: count(kubectl) == 2)
            kubectl.reported()
            before, refused = made(kubectl), conflicts(kubectl)
        place.proxy.call(gate.set)
        eventually(lambda: conflicts(kubectl) > refused)
        assert throughout(8, lambda: made(kubectl)) == before
        print(f"\n{rule.hits} requests of a leader came late")


def held(gate: asyncio.Event) -> Effect:
    """Have requests done once a gate is open, even if whoever has sent one is gone by then."""
    late = set[asyncio.Task[tuple[int, bytes]]]()

    async def hold(exchange: Exchange) -> web.StreamResponse:
        async def ask() -> tuple[int, bytes]:
            await exchange.arrives()
            await gate.wait()
            return await exchange.ask()

        asking = asyncio.create_task(ask())
        late.add(asking)
        await asyncio.shield(asking)
        return exchange.cut()

    return hold


def made(user: Client) -> list[object]:
    """Return what a replica may write, but for the status, whose figures follow the cluster's."""
    deployment, formation = user.get("deployment", "shop-worker"), user.get("formation", "shop")
    return [deployment["spec"], deployment["metadata"]["annotations"], formation["spec"]]
