"""A namespace that takes our rights away is tried again, and the others never suffer."""

import dataclasses
import re
from collections.abc import Iterator

import pytest

from tests.builders import a_formation
from tests.client import Client, eventually
from tests.contract.namespaced import NAME, SHIPPED, rights
from tests.faults.replicas import PLACE, release
from tests.local_http import text_of
from tests.operator_process import OperatorProcess

pytestmark = [pytest.mark.alone, pytest.mark.long]


@pytest.fixture
def two(user: Client, interrupted: OperatorProcess) -> Iterator[tuple[Client, Client]]:
    """Two namespaces that the operator serves by a Role in each; the second forbids kopf's watch."""
    cluster, other = user.cluster, dataclasses.replace(user, namespace=f"{user.namespace}-b")
    interrupted.stop()
    user("create", "namespace", other.namespace)
    user.server.delete("clusterrolebinding", "", NAME)
    for each in (user, other):
        for item in rights(cluster, each.namespace):
            each.apply(item)
    without_watch(other)
    release(cluster)
    try:
        spaces = [f"--namespace={each.namespace}" for each in (user, other)]
        interrupted.start(*spaces, f"--lease={'/'.join(PLACE)}")
        yield user, other
    finally:
        interrupted.stop()
        cluster.run_kubectl("apply", "-k", str(SHIPPED / "rbac"))
        user("delete", "namespace", other.namespace, "--wait=false")


def without_watch(user: Client) -> None:
    """Take the right to watch Formations away."""
    for item in rights(user.cluster, user.namespace):
        for rule in item.get("rules", []):
            if rule["resources"] == ["formations"]:
                rule["verbs"] = [verb for verb in rule["verbs"] if verb != "watch"]
        user.apply(item)


def left_out(operator: OperatorProcess) -> float:
    text = text_of(f"http://{operator.metrics}/metrics", seconds=10)
    found = re.search(r"^formation_operator_namespaces_left_out (\S+)", text, re.MULTILINE)
    assert found
    return float(found[1])


def test_where_only_the_watch_of_formations_is_forbidden_all_else_works_until_it_is_permitted(
    two: tuple[Client, Client], interrupted: OperatorProcess
) -> None:
    served, refusing = two
    served.apply(a_formation())
    served.reported()
    eventually(lambda: left_out(interrupted) == 1)
    refusing.apply(a_formation())
    for item in rights(refusing.cluster, refusing.namespace):
        refusing.apply(item)
    refusing.reported()
    eventually(lambda: left_out(interrupted) == 0, 90)
    refusing("delete", "rolebinding", NAME)
    served("scale", "deployment/shop-worker", "--replicas=3")
    eventually(lambda: served.get("formation", "shop")["spec"]["processes"]["worker"]["replicas"] == 3)
    assert interrupted.pid is not None
