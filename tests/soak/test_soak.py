"""The soak's short part: that it finds nothing, and that its guard would find what it is for."""

import copy
from collections.abc import Iterator

import pytest

from tests.client import Client, eventually
from tests.cluster.cluster import Cluster
from tests.faults.apps import App
from tests.faults.place import Place, behind_a_proxy
from tests.operator_process import OperatorProcess
from tests.soak.guard import Guard
from tests.soak.soak import soaked

pytestmark = pytest.mark.alone
SEED = 7
SECONDS = 20.0


@pytest.fixture(scope="module")
def place(administrator: Cluster, operator: OperatorProcess) -> Iterator[Place]:
    with behind_a_proxy(administrator, operator) as made:
        yield made


def test_random_faults_and_edits_are_survived(place: Place, kubectl: Client) -> None:
    tally = soaked(place, [kubectl], SEED, SECONDS, long=False)

    print(tally)
    assert tally.faults.total() >= 4
    assert tally.edits.total() > 10
    assert tally.versions > 20


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
