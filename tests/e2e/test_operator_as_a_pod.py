"""The operator as users run it: a Pod of its own image, installed from manifests/."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from formation_operator.controller import leader
from formation_operator.kube.objects import timestamps
from tests import server
from tests.client import Client, eventually, throughout
from tests.cluster import paths
from tests.cluster.cluster import Cluster
from tests.e2e import shop_web
from tests.e2e.workers import READY
from tests.namespaces import fresh_namespace

pytestmark = [pytest.mark.alone, pytest.mark.node]

OPERATOR = ("--namespace=formation-system", "deployment/formation-operator")


def install(cluster: Cluster) -> None:
    for folder in ("crds", "manifests"):
        cluster.run_kubectl("apply", "-k", str(paths.ROOT / folder))
    cluster.run_kubectl("rollout", "status", *OPERATOR, "--timeout=300s")


def pods(kubectl: Client) -> dict[str, str]:
    return {item["metadata"]["name"]: item["status"]["phase"] for item in kubectl.list_all("pod")}


def from_before_the_lease(cluster: Cluster) -> dict[str, Any]:
    """Return the operator's Deployment as it was when the operator wrote without a Lease."""
    rendered = cluster.run_kubectl("kustomize", str(paths.ROOT / "manifests"))
    (deployment,) = (each for each in yaml.safe_load_all(rendered) if each["kind"] == "Deployment")
    deployment["spec"] |= {"replicas": 1, "strategy": {"type": "Recreate"}}
    template = deployment["spec"]["template"]
    del template["metadata"]["labels"]["formations.dev/lease"]
    template["spec"]["containers"][0]["args"] = ["--lease="]
    return dict(deployment)


def test_an_upgrade_from_a_version_without_a_lease_has_nobody_write_beside_it(
    without_operator: Cluster, kubectl: Client
) -> None:
    for folder in ("crds", "manifests/rbac"):
        without_operator.run_kubectl("apply", "-k", str(paths.ROOT / folder))
    old = json.dumps(from_before_the_lease(without_operator))
    without_operator.run_kubectl("apply", "-f", "-", stdin=old)
    without_operator.run_kubectl("rollout", "status", *OPERATOR, "--timeout=300s")
    api = server.of(without_operator)

    def beside() -> list[str]:
        found = api.list_all("pod", "formation-system", labelSelector="!formations.dev/lease")
        # One whose process has ended is listed for a moment more.
        return [each["metadata"]["name"] for each in found if each["status"]["phase"] not in leader.ENDED]

    def holder() -> str:
        lease = api.find("lease", "formation-system", "formation-operator")
        return str((lease or {}).get("spec", {}).get("holderIdentity") or "")

    assert len(beside()) == 1
    without_operator.run_kubectl("apply", "-k", str(paths.ROOT / "manifests"))
    leads = eventually(holder, patience=120)
    assert beside() == []
    assert leads.startswith("formation-operator-")
    without_operator.run_kubectl("rollout", "status", *OPERATOR, "--timeout=300s")


@pytest.fixture(scope="module")
def user(without_operator: Cluster) -> Iterator[Client]:
    """A user of the operator as a Pod, in a namespace that all tests from here on share."""
    install(without_operator)
    with fresh_namespace(without_operator) as name:
        yield Client(without_operator, name)


def test_the_operator_works_as_a_pod(user: Client, shop: None) -> None:
    assert user.cluster.run_kubectl("exec", *OPERATOR, "--", "id", "-u").strip() == "65532"

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


def test_what_the_operator_made_outlives_it(user: Client) -> None:
    manifests = str(paths.ROOT / "manifests" / "operator")
    user.cluster.run_kubectl("delete", "-k", manifests, "--cascade=foreground")  # with its Pods
    eventually(lambda: len(pods(user)) == 5, patience=120)  # those of v1 have ended
    throughout(5, lambda: pods(user))
    assert shop_web.answer(user)["version"] == "v2"
