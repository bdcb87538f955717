"""The model of Kubernetes' controllers ends where the real ones end, whatever is done in whatever order."""

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from formation_operator.kube.port import Object
from tests import server
from tests.cluster.cluster import Cluster
from tests.contract.orders import NODE, Step, order
from tests.contract.sides import Mirror, Model, Real, carry_out
from tests.minors import since
from tests.namespaces import fresh_namespace

pytestmark = [pytest.mark.alone, since("1.37", "the model is of this minor")]
SIDE_BY_SIDE, TRIES = 24, 3
PAUSE = 0.3


@pytest.fixture
def mirror(administrator: Cluster) -> Iterator[Mirror]:
    """A real cluster, on whose node nothing really runs."""
    found = Mirror(server.of(administrator))
    yield found
    found.over.set()
    found.server.delete("node", "", NODE)


def modelled(steps: list[list[Step]], ends: set[int], noticed: int, *, conflicts: bool) -> list[Object]:
    """Return what becomes of all at some steps; bits say which of the others are noticed before the next."""
    model, found = Model(), []
    model.controllers.world.conflicts = conflicts
    for number, requests in enumerate(steps):
        for each in requests:
            carry_out(model, each)
        if number in ends:
            found.append(model.rest())
        elif noticed >> number & 1:
            model.rest(PAUSE)
    return found


def difference(mirror: Mirror, namespace: str, seed: int, most: int) -> str:
    """Carry out an order on both sides; return what differs. Every other order has no pauses."""
    patient = seed % 2 == 0
    length = most if patient else min(most, 5)
    steps, real = order(seed, length, patient=patient), Real(mirror, namespace)
    ends = {*range(length)} if patient else {length - 1}
    ways = itertools.product(range(1 if patient else 2 ** (length - 1)), (False, True))
    modelled_ends = [modelled(steps, ends, noticed, conflicts=conflicts) for noticed, conflicts in ways]
    for number, requests in enumerate(steps):
        for each in requests:
            carry_out(real, each)
        time.sleep(PAUSE)
        if number in ends:
            expected = [way.pop(0) for way in modelled_ends]
            found = real.rest(expected, 4.0 if number == length - 1 else 0.5)
            if found not in expected:
                done = "\n  ".join(map(str, itertools.chain(*steps[: number + 1])))
                return f"order {seed}:\n  {done}\n model: {expected[-2]}\n real:  {found}"
    return ""


def differences(cluster: Cluster, mirror: Mirror, count: int, length: int) -> list[str]:
    """Carry out orders side by side, and return what differs each time in each."""

    def tried(seed: int) -> str:
        for _ in range(TRIES):
            with fresh_namespace(cluster) as namespace:
                if not (found := difference(mirror, namespace, seed, length)):
                    break
        return found

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return [*filter(None, pool.map(tried, range(count)))]


def test_some_orders_end_as_on_real_controllers(administrator: Cluster, mirror: Mirror) -> None:
    assert differences(administrator, mirror, 16, 3) == []


@pytest.mark.long
def test_many_orders_end_as_on_real_controllers(administrator: Cluster, mirror: Mirror) -> None:
    assert differences(administrator, mirror, 200, 7) == []
