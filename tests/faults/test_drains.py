"""Nodes are drained in turn, and one is lost: each drain ends, and no type of two or more goes to zero.

The scheduler, the eviction API and `kubectl drain` are Kubernetes' own; only the nodes are simulated.
"""

import collections
import json
import pathlib
import threading
import time
from collections.abc import Iterator

import pytest
import yaml

from hack.cluster.cluster import Cluster
from hack.operator_process import OperatorProcess
from tests.faults import nodes
from tests.faults.nodes import LOST, ZONES, Nodes
from tests.live.client import Client, eventually, is_ready
from tests.shared.builders import Manifest

pytestmark = [pytest.mark.alone, pytest.mark.long]

TYPE = "formations.dev/process-type"
PATIENCE = "--timeout=90s"
COUNTS = {"web": 6, "api": 2, "worker": 4, "one": 1, "clock": 1}
DOWN = {"web": 2, "api": 1, "worker": 1}
"""How many processes a drain may have down, of each type that has a budget and is ready."""
OBJECTS = yaml.safe_load(pathlib.Path(__file__).with_name("drains.yaml").read_text())
OTHERS = ("bare", "close", "theirs")
"""The Formations that drains.yaml has beside shop."""


class Watching:
    """Counts the ready processes of each type at every moment, as a watch of Pods brings them."""

    def __init__(self, user: Client) -> None:
        self._ready: dict[str, tuple[str, str]] = {}
        self.least: dict[tuple[str, str], int] = {}
        """The fewest ready processes by Formation and type since the last `begin`."""
        self._lock = threading.Lock()
        self._events = user.server.follow("pod", user.namespace)
        threading.Thread(target=self._read, daemon=True).start()

    def begin(self) -> None:
        """Forget the fewest until now."""
        with self._lock:
            self.least = {}
            self._count()

    def _read(self) -> None:
        for type_, pod in self._events:
            metadata = pod["metadata"]
            labels = metadata["labels"]
            with self._lock:
                if type_ != "DELETED" and is_ready(pod) and "deletionTimestamp" not in metadata:
                    self._ready[metadata["name"]] = (labels["formations.dev/formation"], labels[TYPE])
                else:
                    self._ready.pop(metadata["name"], None)
                self._count()

    def _count(self) -> None:
        now = collections.Counter(self._ready.values())
        for each in {*now, *self.least}:
            self.least[each] = min(now[each], self.least.get(each, now[each]))


@pytest.fixture
def simulated(operator: OperatorProcess, administrator: Cluster) -> Iterator[Nodes]:
    if administrator.node == "simulated":
        pytest.skip("the cluster's own simulated node answers for all others")
    with nodes.simulated(administrator) as found:
        yield found


def pods(user: Client, formation: str = "shop") -> list[Manifest]:
    there = user.list_all("pod")
    return [each for each in there if each["metadata"]["labels"]["formations.dev/formation"] == formation]


def ready(user: Client, formation: str = "shop") -> dict[str, int]:
    """Return how many processes of each type are ready, without those that are about to end."""
    there = (each for each in pods(user, formation) if "deletionTimestamp" not in each["metadata"])
    return dict(collections.Counter(each["metadata"]["labels"][TYPE] for each in there if is_ready(each)))


def all_ready(user: Client) -> bool:
    return ready(user) == COUNTS and all(ready(user, each) == {"web": 2} for each in OTHERS)


def drain(user: Client, node: str, *flags: str) -> float:
    """Drain a node as an administrator does, and return the seconds that it took."""
    began = time.monotonic()
    user("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", PATIENCE, *flags)
    return time.monotonic() - began


def on_node(user: Client, node: str) -> list[str]:
    return [each["metadata"]["name"] for each in user.list_all("pod") if each["spec"].get("nodeName") == node]


def zones(user: Client) -> dict[str, dict[str, int]]:
    """Return how many processes of each type each zone has."""
    found: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for each in pods(user):
        found[each["metadata"]["labels"][TYPE]][ZONES[each["spec"]["nodeName"]]] += 1
    return {name: dict(count) for name, count in found.items()}


def homes(user: Client, formation: str) -> set[str]:
    return {each["spec"]["nodeName"] for each in pods(user, formation)}


@pytest.fixture
def shops(simulated: Nodes, kubectl: Client) -> Client:
    """A user whose Formations run on the nodes."""
    eventually(lambda: kubectl.find("serviceaccount", "default"))
    kubectl.apply(OBJECTS)
    eventually(lambda: all_ready(kubectl), patience=120)
    eventually(lambda: kubectl.condition("DisruptionContended", "theirs"))
    return kubectl


def test_each_node_is_drained_and_one_is_lost(simulated: Nodes, shops: Client) -> None:
    budgets = {each["metadata"]["name"] for each in shops.list_all("poddisruptionbudget")}
    types = {f"shop-{name}" for name in COUNTS if name != "clock"}
    assert budgets == {"generated", "close-web", *types}
    spread_over_zones(shops)
    watching = Watching(shops)
    emptied = {name for node in reversed(ZONES) for name in drained(shops, node, watching)}
    assert emptied == {"bare"}, "without a budget, a drain ends both processes at once"
    lost(simulated, shops, watching)


def spread_over_zones(user: Client) -> None:
    spread = zones(user)
    print(f"processes of each type by zone: {json.dumps(spread)}")
    for name in ("web", "worker"):
        assert set(spread[name]) == set("abc")
        assert max(spread[name].values()) - min(spread[name].values()) <= 1
    assert len(spread["api"]) == 2


def drained(user: Client, node: str, watching: Watching) -> set[str]:
    """Drain a node and have it back; return the Formations that ran only there, and not at all meanwhile."""
    eventually(lambda: settled(user), patience=120)
    alone = {each for each in OTHERS if homes(user, each) == {node}}
    watching.begin()
    seconds = drain(user, node)
    print(f"{node} drained in {seconds:.0f} s; fewest ready: {watching.least}")
    assert on_node(user, node) == []
    for name, down in DOWN.items():
        assert watching.least["shop", name] >= COUNTS[name] - down
    user("uncordon", node)
    eventually(lambda: all_ready(user), patience=120)
    return {each for each in alone if watching.least[each, "web"] == 0}


def settled(user: Client) -> bool:
    """Tell whether each budget lets the next drain begin."""
    there = user.list_all("poddisruptionbudget")
    return all(each["status"].get("disruptionsAllowed", 0) > 0 for each in there)


def lost(simulated: Nodes, user: Client, watching: Watching) -> None:
    """Lose a node, and drain another one, and then the lost one."""
    assert on_node(user, LOST), "something runs on the node that is lost"
    watching.begin()
    simulated.lose()
    eventually(lambda: all_ready(user), patience=180)
    eventually(lambda: settled(user), patience=120)
    print(f"{LOST} lost; fewest ready: {watching.least}")
    for name in DOWN:
        assert watching.least["shop", name] >= 1
    seconds = drain(user, "n1")
    print(f"n1 drained in {seconds:.0f} s beside the lost node")
    eventually(lambda: all_ready(user), patience=120)
    seconds = drain(user, LOST, "--skip-wait-for-delete-timeout=1")
    print(f"{LOST} drained in {seconds:.0f} s although it is lost")
