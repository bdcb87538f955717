"""`scale --process` on a real node: of six workers, the one that is marked goes, and no other."""

import random

import pytest

from tests.e2e import workers
from tests.live.client import Client, eventually
from tests.live.plugin import Plugin

pytestmark = pytest.mark.node
WORKERS, TIMES = 6, 3
COST = "controller.kubernetes.io/pod-deletion-cost"


def running(user: Client) -> set[str]:
    """Return the names of the Pods that weren't asked to end."""
    pods = user.list_all("pod")
    return {each["metadata"]["name"] for each in pods if "deletionTimestamp" not in each["metadata"]}


@pytest.fixture
def shop(person: Client) -> Client:
    """A user with six workers that are ready."""
    person.ready(workers.shop(replicas=WORKERS, minReadySeconds=1))
    return person


def test_of_six_workers_the_marked_one_goes_each_time(shop: Client, formation: Plugin) -> None:
    right = 0
    for _ in range(TIMES):
        before = running(shop)
        assert len(before) == WORKERS
        chosen = random.choice(sorted(before))
        label = f"worker.{chosen.rpartition('-')[2]}"
        said = formation("scale", "shop", "worker-1", "--process", label, "--wait").stdout
        assert said == f"worker: {WORKERS} -> {WORKERS - 1}\n{label}: marked to go first\n"
        eventually(lambda: len(running(shop)) == WORKERS - 1)
        right += running(shop) == before - {chosen}
        formation("scale", "shop", "worker+1", "--wait")
    assert right == TIMES
