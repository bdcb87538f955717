"""The operator as users run it: a Pod of its own image, installed from manifests/."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from formation_operator.kube.objects import timestamps
from tests import once
from tests.builders import a_formation, a_process
from tests.client import Client, eventually, throughout
from tests.cluster import paths
from tests.cluster.cluster import Cluster
from tests.e2e import demos, shop_web
from tests.e2e.workers import READY
from tests.images import busybox
from tests.namespaces import fresh_namespace

pytestmark = [pytest.mark.alone, pytest.mark.node]

OPERATOR = ("--namespace=formation-system", "deployment/formation-operator")


def install(cluster: Cluster) -> None:
    for folder in ("crds", "manifests"):
        cluster.run_kubectl("apply", "-k", str(paths.ROOT / folder))
    cluster.run_kubectl("rollout", "status", *OPERATOR, "--timeout=300s")


def pods(kubectl: Client) -> dict[str, str]:
    return {item["metadata"]["name"]: item["status"]["phase"] for item in kubectl.list_all("pod")}


@pytest.fixture(scope="module")
def user(without_operator: Cluster) -> Iterator[Client]:
    """A user of the operator as a Pod, in a namespace that all tests from here on share."""
    install(without_operator)
    with fresh_namespace(without_operator) as name:
        yield Client(without_operator, name)


def test_the_operator_works_as_a_pod(user: Client, shop: None) -> None:
    who = ("python3", "-c", "import os; print(os.getuid())")  # the image has no shell, and no other command
    assert user.cluster.run_kubectl("exec", *OPERATOR, "--", *who).strip() == "65532"

    user("apply", "-k", str(paths.ROOT / "manifests" / "samples"))
    user(*READY)
    assert shop_web.answer(user)["version"] == "v1"

    user.merge("formation", "shop", {"spec": {"image": "registry.example.com/shop:v2"}})
    user(*READY)
    eventually(lambda: shop_web.answer(user)["version"] == "v2")  # the old ones still answer while they drain


def test_the_pods_of_the_operator_are_never_restarted(user: Client) -> None:
    def living() -> list[dict[str, Any]]:
        found = json.loads(user.cluster.run_kubectl("get", "pods", OPERATOR[0], "-o", "json"))["items"]
        return [each["status"] for each in found if "deletionTimestamp" not in each["metadata"]]

    def youngest() -> float:
        return min(time.time() - (timestamps.epoch(each["startTime"]) or 0.0) for each in living())

    eventually(lambda: youngest() > 25)  # liveness asks every ten seconds
    assert [each["containerStatuses"][0]["restartCount"] for each in living()] == [0, 0]


def test_a_formation_of_the_operators_name_beside_it_is_none_of_its_pods(user: Client) -> None:
    beside = Client(user.cluster, OPERATOR[0].partition("=")[2])
    beside.apply(a_formation("formation-operator", processes={"web": a_process(replicas=1, port=8080)}))
    addressed(beside, "formation-operator-web")

    def counted() -> int:
        return int(beside.get("poddisruptionbudget", "formation-operator")["status"]["expectedPods"])

    assert throughout(5, counted) == 2
    behind = addressed(beside, "formation-operator-metrics")
    assert not [name for name in behind if name.startswith("formation-operator-web-")]
    beside("delete", "formation", "formation-operator", "--cascade=foreground")


def addressed(kubectl: Client, service: str) -> list[str]:
    """Return the Pods that a Service leads to, ready or not."""
    label = f"kubernetes.io/service-name={service}"

    def found() -> list[str]:
        slices = kubectl.server.list_all("endpointslice", kubectl.namespace, labelSelector=label)
        return [each["targetRef"]["name"] for item in slices for each in item["endpoints"] or []]

    return eventually(found)


def test_a_demo_with_the_operator_that_is_installed_makes_its_sample_alone(user: Client) -> None:
    once.load(user.cluster, busybox.build())
    which = ("get", *OPERATOR, "--output=jsonpath={.metadata.uid} {.metadata.generation}")
    before = user.cluster.run_kubectl(*which)
    done = demos.demo(user.cluster, CLUSTER="installed")

    assert done.returncode == 0, done.stdout
    assert "### `make demo CLUSTER=installed`: ok\n" in done.stdout
    assert user.cluster.run_kubectl("get", "namespace", "formation-demo", "--ignore-not-found") == ""
    assert user.cluster.run_kubectl(*which) == before


def test_what_the_operator_made_outlives_it(user: Client) -> None:
    manifests = str(paths.ROOT / "manifests" / "operator")
    user.cluster.run_kubectl("delete", "-k", manifests, "--cascade=foreground")  # with its Pods
    eventually(lambda: len(pods(user)) == 5, patience=120)  # those of v1 have ended
    throughout(5, lambda: pods(user))
    assert shop_web.answer(user)["version"] == "v2"
