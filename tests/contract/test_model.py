"""The model of Kubernetes' controllers ends where the real ones end, whatever is done in whatever order.

The same is done to both. Every other order waits after each step until all is quiet. The others go on after a
second, amid a rollout. Real controllers work at the same time, so what differs is tried again; it is wrong if
it differs each time.

What is left different:

- A ReplicaSet's controller tries ever later, up to every 1000 seconds, what a quota has refused. Until then
  it doesn't note which Pods have become available, either. The model tries at once. So there is no rollout in
  an order while there is a quota.
- The real autoscaler looks every 15 seconds (here 5), the model's once all else rests. So orders that go on
  have none.
- It may get lost in a conflict that a ReplicaSet was made. Then a Deployment that recreates says for ever
  NewReplicaSetAvailable, without a deadline. The model does that if it is asked to (`World.conflicts`).
- Of Pods that are alike, the real controller deletes any, the model the youngest.
- In the model a Pod is on a node at once, and nothing evicts it. A Job's policy about failures isn't looked
  at.
"""

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from formation_operator.kube.port import Object
from hack.cluster.cluster import Cluster
from tests.contract.orders import NODE, Step, order
from tests.contract.sides import Mirror, Model, Real, carry_out
from tests.live import server
from tests.live.namespaces import fresh_namespace
from tests.shared.minors import since

pytestmark = [pytest.mark.alone, since("1.37", "the model is of this minor")]
SIDE_BY_SIDE, TRIES = 24, 3
PAUSE = 1.01
"""Seconds between two steps: of ReplicaSets of the same second, the name decides which is older."""
PHASES = (0.0, 0.25, 0.5, 0.75)
"""How long after a full second an order may begin."""
SHORT = range(24, 40)
"""Orders that are over after 15 seconds."""


@pytest.fixture
def mirror(administrator: Cluster) -> Iterator[Mirror]:
    """A real cluster, on whose node nothing really runs."""
    found = Mirror(server.of(administrator))
    yield found
    found.over.set()
    found.server.delete("node", "", NODE)


def modelled(steps: list[list[Step]], ends: set[int], phase: float, *, conflicts: bool) -> list[Object]:
    """Return what becomes of all at some steps, when the first is taken so long after a full second."""
    model, found = Model(), []
    model.now, model.controllers.world.conflicts = model.now + phase, conflicts
    for number, requests in enumerate(steps):
        for each in requests:
            carry_out(model, each)
        if number in ends:
            found.append(model.rest())
        else:
            model.rest(PAUSE)
    return found


def difference(mirror: Mirror, namespace: str, seed: int, length: int) -> str:
    """Carry out an order on both sides; return what differs. Every other order waits after each step."""
    steps, real = order(seed, length, patient=seed % 2 == 0), Real(mirror, namespace)
    ends = {length - 1} if seed % 2 else {*range(length)}
    ways = itertools.product(PHASES if seed % 2 else (0.0,), (False, True))
    modelled_ends = [modelled(steps, ends, phase, conflicts=conflicts) for phase, conflicts in ways]
    for number, requests in enumerate(steps):
        for each in requests:
            carry_out(real, each)
        time.sleep(PAUSE)
        if number in ends:
            expected = [way.pop(0) for way in modelled_ends]
            found = real.rest(expected, 4.0 if number == length - 1 else 0.5)
            if found not in expected:
                done = "\n  ".join(map(str, itertools.chain(*steps[: number + 1])))
                return f"order {seed}:\n  {done}\n model: {expected[0]}\n real:  {found}"
    return ""


def differences(cluster: Cluster, mirror: Mirror, seeds: range, length: int) -> list[str]:
    """Carry out orders side by side, and return what differs each time in each."""

    def tried(seed: int) -> str:
        for _ in range(TRIES):
            with fresh_namespace(cluster) as namespace:
                if not (found := difference(mirror, namespace, seed, length)):
                    break
        return found

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return [*filter(None, pool.map(tried, seeds))]


def test_some_orders_end_as_on_real_controllers(administrator: Cluster, mirror: Mirror) -> None:
    wrong = differences(administrator, mirror, SHORT, 3)
    assert not wrong, "\n".join(wrong)


@pytest.mark.long
def test_many_orders_end_as_on_real_controllers(administrator: Cluster, mirror: Mirror) -> None:
    wrong = differences(administrator, mirror, range(200), 7)
    assert not wrong, "\n".join(wrong)
