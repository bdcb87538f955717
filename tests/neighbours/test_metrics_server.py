"""A type whose count Kubernetes' own autoscaler sets by the figures of a real metrics-server."""

import json
import subprocess

import pytest

from hack.cluster import metrics
from hack.cluster.cluster import Cluster
from hack.images import debian
from tests.contract.counting import Record, count
from tests.e2e import workers
from tests.e2e.workers import READY
from tests.live.client import Client, eventually, is_ready
from tests.live.history import History
from tests.live.plugin import Plugin
from tests.shared.builders import Manifest

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


def tops(user: Client, formation: Plugin) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return what kubectl and the plugin say of each Pod's CPU and memory, one right after the other."""
    kubectls = (line.split() for line in user("top", "pods", "--no-headers").stdout.splitlines())
    ours = (line.split("   ") for line in formation("top", "shop").stdout.splitlines())
    cells = ([cell.strip() for cell in line if cell] for line in ours)
    whole = {row[1]: [row[3], row[6]] for row in cells if row[2] == "all 2"}
    return {name: figures for name, *figures in kubectls}, whole


def test_top_says_of_a_pod_what_kubectl_top_says(
    person: Client, real_node: Cluster, formation: Plugin
) -> None:
    metrics.start(real_node)
    beside = {"name": "beside", "image": debian.IMAGE.name, "command": ["sleep", "inf"]}
    app = workers.shop(*SPIN, resources=CPU, replicas=3)
    app["spec"]["podTemplate"]["spec"]["containers"].append({**beside, "imagePullPolicy": "IfNotPresent"})
    person.ready(app)
    eventually(lambda: len(person.list_all("pods.metrics.k8s.io")) == 3, patience=120)

    def are_alike() -> bool:
        kubectls, ours = tops(person, formation)
        return len(kubectls) == 3 and kubectls == ours

    eventually(are_alike, patience=60)  # new figures may come between both
    found = json.loads(formation("top", "shop", "-o", "json").stdout)[0]
    assert found["cpu"]["limit"] == pytest.approx(0.18)
    assert (
        "near its CPU limit of 60m: raise spec.processes.worker.resources.limits.cpu"
        in formation("top", "shop").stderr
    )
    assert formation("scale", "shop", "worker=2..4").stderr == ""


def test_without_metrics_top_says_what_is_missing(
    person: Client, real_node: Cluster, formation: Plugin
) -> None:
    metrics.start(real_node)
    service = "apiservice/v1beta1.metrics.k8s.io"
    declared = real_node.run_kubectl("get", service, "-o", "json")
    person.ready(workers.shop())
    real_node.run_kubectl("delete", service)
    try:
        said = formation("top", "shop", code=1)
    finally:
        real_node.run_kubectl("apply", "-f", "-", stdin=declared)
    assert "ask its administrator for metrics-server" in said.stderr
    assert "worker" in said.stdout


def test_its_count_and_its_processes_stay_through_a_deploy_a_drain_and_a_suspension(
    person: Client, real_node: Cluster
) -> None:
    metrics.start(real_node)
    person.apply(busy("1"))
    eventually(lambda: count(person) == 4, patience=240)
    person(*READY)
    eventually(lambda: list(pods(person).values()) == [True] * 4)
    record, deployed = Record(person, "shop-worker"), History(person, "deployment", "shop-worker")

    person.applied(busy("2"))
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
