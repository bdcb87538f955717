"""The soak's guard finds what it is for: what the soak never does, a test does to it."""

import copy
from collections.abc import Iterator

import pytest

from tests.client import Client, eventually
from tests.cluster.cluster import Cluster
from tests.faults.apps import App
from tests.faults.place import Place, behind_a_proxy
from tests.operator_process import OperatorProcess
from tests.soak.guard import Guard

pytestmark = [pytest.mark.alone, pytest.mark.long]


@pytest.fixture(scope="module")
def place(administrator: Cluster, operator: OperatorProcess) -> Iterator[Place]:
    with behind_a_proxy(administrator, operator) as made:
        yield made


def test_the_guard_notices_whatever_nobody_asked_for(place: Place, kubectl: Client) -> None:
    app = App.create(kubectl)
    place.converge(app)
    app.settle()
    with Guard(kubectl, {(kubectl.namespace, app.name): app}).watching() as guard:
        eventually(lambda: guard.seen >= 4)
        assert guard.wrong == []
        other = copy.deepcopy(app)  # whom the guard doesn't know
        other.scale("web", 3)
        other.update()
        other.add("clock")
        other.delete_child("service", "web")
        place.converge(other)
        for said in ("3 replicas", "image", "nobody asked for it", "deleted, though"):
            eventually(lambda: [each for each in guard.wrong if said in each])  # noqa: B023  # used at once
