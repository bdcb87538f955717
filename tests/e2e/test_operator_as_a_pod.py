"""The operator as users run it: a Pod of its own image, installed from manifests/."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests import server
from tests.client import Client, eventually, throughout
from tests.cluster import paths
from tests.cluster.cluster import Cluster
from tests.e2e.workers import READY

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
    api, operators = server.of(without_operator), {"labelSelector": "!formations.dev/lease"}

    def holder() -> str:
        lease = api.find("lease", "formation-system", "formation-operator")
        return str((lease or {}).get("spec", {}).get("holderIdentity") or "")

    assert len(api.list_all("pod", "formation-system", **operators)) == 1
    without_operator.run_kubectl("apply", "-k", str(paths.ROOT / "manifests"))
    leads = eventually(holder, patience=120)
    assert api.list_all("pod", "formation-system", **operators) == []
    assert leads.startswith("formation-operator-")
    without_operator.run_kubectl("rollout", "status", *OPERATOR, "--timeout=300s")


def test_the_operator_works_as_a_pod_and_what_it_made_outlives_it(
    without_operator: Cluster, shop: None, kubectl: Client, ask: Callable[[], dict[str, str]]
) -> None:
    install(without_operator)
    assert without_operator.run_kubectl("exec", *OPERATOR, "--", "id", "-u").strip() == "65532"

    kubectl("apply", "-k", str(paths.ROOT / "manifests" / "samples"))
    kubectl(*READY)
    assert ask()["version"] == "v1"

    kubectl.merge("formation", "shop", {"spec": {"image": "registry.example.com/shop:v2"}})
    kubectl(*READY)
    eventually(lambda: ask()["version"] == "v2")  # the old ones still answer while they drain

    manifests = str(paths.ROOT / "manifests" / "operator")
    without_operator.run_kubectl("delete", "-k", manifests, "--cascade=foreground")  # with its Pod
    eventually(lambda: len(pods(kubectl)) == 5, patience=120)  # those of v1 have ended
    throughout(5, lambda: pods(kubectl))
    assert ask()["version"] == "v2"


def test_the_pods_of_the_operator_are_never_restarted(without_operator: Cluster) -> None:
    install(without_operator)

    def restarts() -> int:
        found = without_operator.run_kubectl("get", "pods", OPERATOR[0], "-o", "json")
        living = [item for item in json.loads(found)["items"] if "deletionTimestamp" not in item["metadata"]]
        assert len(living) == 2
        return sum(int(pod["status"]["containerStatuses"][0]["restartCount"]) for pod in living)

    assert throughout(25, restarts) == 0  # liveness asks every ten seconds
