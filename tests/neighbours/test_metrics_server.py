"""A type whose count Kubernetes' own autoscaler sets by the figures of a real metrics-server."""

import subprocess

import pytest

from tests.builders import Manifest
from tests.client import Client, eventually, is_ready
from tests.cluster import metrics
from tests.cluster.cluster import Cluster
from tests.contract.counting import Record, count
from tests.e2e import workers
from tests.e2e.workers import READY
from tests.history import History

pytestmark = [pytest.mark.alone, pytest.mark.long, pytest.mark.node]
CPU = {"requests": {"cpu": "20m"}, "limits": {"cpu": "60m"}}
SPIN = ("/bin/sh", "-c", "while :; do :; done")


def busy(version: str) -> Manifest:
    """Return an app whose worker asks for more processes than it may have."""
    formation = workers.shop(*SPIN, resources=CPU, disruptionBudget={})
    del formation["spec"]["processes"]["worker"]["replicas"]
    formation["spec"]["processes"]["worker"]["autoscaling"] = {"minReplicas": 2, "maxReplicas": 4}
    formation["spec"]["env"] = [{"name": "VERSION", "value": version}]
    return formation


def pods(user: Client) -> dict[str, bool]:
    """Return whether each Pod is ready."""
    return {each["metadata"]["name"]: is_ready(each) for each in user.list_all("pod")}


def fewest_ready(deployment: History) -> int:
    return min(int(each["status"].get("readyReplicas", 0)) for each in deployment.end())


def drain(user: Client) -> None:
    """Drain the node of the app's Pods; others may come to it as soon as the drain has begun."""
    (node,) = user.list_all("node")
    before, name = pods(user), node["metadata"]["name"]
    own = "--pod-selector=formations.dev/formation=shop"
    with user.start(
        "drain", name, "--ignore-daemonsets", own, "--timeout=120s", stdout=subprocess.DEVNULL
    ) as draining:
        eventually(lambda: pods(user).keys() - before.keys())
        user("uncordon", name)
        assert draining.wait() == 0
    assert not pods(user).keys() & before.keys()


def test_its_count_and_its_processes_stay_through_a_deploy_a_drain_and_a_suspension(
    person: Client, real_node: Cluster
) -> None:
    metrics.start(real_node)
    person.apply(busy("1"))
    eventually(lambda: count(person) == 4, patience=240)
    person(*READY)
    eventually(lambda: list(pods(person).values()) == [True] * 4)
    record, deployed = Record(person, "shop-worker"), History(person, "deployment", "shop-worker")

    person.apply(busy("2"))
    person.reported()
    person(*READY)
    eventually(lambda: list(pods(person).values()) == [True] * 4)
    drain(person)
    person(*READY)
    assert fewest_ready(deployed) == 3
    person.merge("formation", "shop", {"spec": {"suspend": True}})
    eventually(lambda: not pods(person))
    person.merge("formation", "shop", {"spec": {"suspend": None}})
    person(*READY)

    assert record.counts() == [4, 0, 4]
    assert not person.condition("AutoscalerFailing")
    assert not person.events("DriftRepaired")
