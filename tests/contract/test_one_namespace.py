"""An operator for some namespaces only: it asks for nothing that its Roles don't grant."""

import datetime
import json
from collections.abc import Iterator

import pytest

from tests.audit import calls, comparison
from tests.builders import a_formation, a_process
from tests.client import Client, eventually
from tests.cluster import paths
from tests.cluster.cluster import Cluster
from tests.contract.counting import counts, declared
from tests.faults.replicas import PLACE, free_the_lease
from tests.kustomization import rendered
from tests.operator_process import OperatorProcess

NAME = "formation-operator"
SHIPPED = paths.ROOT / "manifests"


@pytest.fixture
def only_here(user: Client, interrupted: OperatorProcess) -> Iterator[Client]:
    """A user in the one namespace that the operator has rights in, and serves."""
    cluster = user.cluster
    interrupted.stop()
    user.server.delete("clusterrolebinding", "", NAME)
    for item in rights(cluster, user.namespace):
        user.apply(item)
    free_the_lease(cluster)
    try:
        interrupted.start(f"--namespace={user.namespace}", f"--lease={'/'.join(PLACE)}")
        yield user
    finally:
        interrupted.stop()
        cluster.run_kubectl("apply", "-k", str(SHIPPED / "rbac"))


def rights(cluster: Cluster, namespace: str) -> list[dict[str, object]]:
    """Return the Role and the RoleBinding that we ship for `shop`, for another namespace."""
    made = rendered(cluster.kubectl, SHIPPED / "namespaced")
    placed = [item for item in made if item["metadata"].get("namespace") == "shop"]
    assert {item["kind"] for item in placed} == {"Role", "RoleBinding"}
    return [{**item, "metadata": {**item["metadata"], "namespace": namespace}} for item in placed]


@pytest.mark.alone
def test_an_operator_for_one_namespace_asks_for_nothing_that_it_may_not(only_here: Client) -> None:
    since = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    web, worker = a_process("/shop", "web", replicas=2, port=8080), a_process(replicas=1)
    only_here.apply(a_formation(processes={"web": web, "worker": worker}))
    only_here.reported()

    only_here("scale", "deployment/shop-worker", "--replicas=3")
    eventually(lambda: declared(only_here) == 3)
    only_here("set", "image", "deployment/shop-web", "web=other:v9")
    eventually(lambda: only_here.events("DriftRepaired"))
    only_here("delete", "service", "shop-web")
    eventually(lambda: only_here.events("Recreated"))
    only_here.merge("formation", "shop", {"spec": {"processes": {"web": None}}})
    eventually(lambda: counts(only_here) == {"shop-worker": 3})
    only_here.reported()

    asked = list(calls.recorded(since))
    assert {"patch", "create", "delete", "get"} <= {record.call.verb for record in asked}
    refused = comparison.forbidden(asked)
    assert refused == [], json.dumps([str(record.call) for record in refused])
    assert {record.call.namespace for record in asked} <= {only_here.namespace, PLACE[0], ""}
    assert [str(record.call) for record in asked if not (record.call.namespace or record.call.path)] == []
