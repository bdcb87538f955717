"""An operator for some namespaces only: it asks for nothing that its Roles don't grant."""

import datetime
from collections.abc import Iterator
from typing import Any

import pytest

from hack.audit import calls, comparison
from hack.cluster import paths
from hack.cluster.cluster import Cluster
from hack.kustomization import rendered
from hack.operator_process import OperatorProcess
from tests.contract.counting import counts, declared
from tests.faults.replicas import PLACE, release
from tests.live.client import Client, eventually
from tests.shared.builders import a_formation, a_process

NAME = "formation-operator"
SHIPPED = paths.ROOT / "manifests"


def rights(cluster: Cluster, namespace: str) -> list[dict[str, Any]]:
    """Return the Role and the RoleBinding that we ship for `shop`, for another namespace."""
    made = rendered(cluster.kubectl, SHIPPED / "namespaced")
    placed = [item for item in made if item["metadata"].get("namespace") == "shop"]
    assert {item["kind"] for item in placed} == {"Role", "RoleBinding"}
    return [{**item, "metadata": {**item["metadata"], "namespace": namespace}} for item in placed]


@pytest.fixture
def only_here(user: Client, interrupted: OperatorProcess) -> Iterator[tuple[Client, str]]:
    """A user in the one namespace that the operator has rights in, and when it was started there."""
    cluster = user.cluster
    interrupted.stop()
    user.server.delete("clusterrolebinding", "", NAME)
    for item in rights(cluster, user.namespace):
        user.apply(item)
    release(cluster)
    since = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    try:
        interrupted.start(f"--namespace={user.namespace}", f"--lease={'/'.join(PLACE)}")
        yield user, since
    finally:
        interrupted.stop()
        cluster.run_kubectl("apply", "-k", str(SHIPPED / "rbac"))


@pytest.mark.alone
def test_an_operator_for_one_namespace_asks_for_nothing_that_it_may_not(
    only_here: tuple[Client, str],
) -> None:
    user, since = only_here
    web, worker = a_process("/shop", "web", replicas=2, port=8080), a_process(replicas=1)
    user.applied(a_formation(disruptionBudget={}, processes={"web": web, "worker": worker}))

    user("scale", "deployment/shop-worker", "--replicas=3")
    eventually(lambda: declared(user) == 3)
    user("set", "image", "deployment/shop-web", "web=other:v9")
    eventually(lambda: user.events("DriftRepaired"))
    user("delete", "service", "shop-web")
    eventually(lambda: user.events("Recreated"))
    user.merge("formation", "shop", {"spec": {"processes": {"web": None}}})
    eventually(lambda: counts(user) == {"shop-worker": 3})
    user.reported()

    asked = list(calls.recorded(since))
    assert {"list", "watch", "get", "patch", "create", "delete"} <= {record.call.verb for record in asked}
    assert comparison.forbidden(asked) == []
    assert {record.call.namespace for record in asked} == {user.namespace, PLACE[0]}
