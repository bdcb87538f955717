"""A test that runs beside others and forgets to say what it does to them is found out."""

import pytest

from tests import rights
from tests.builders import a_formation
from tests.client import Client
from tests.cluster.cluster import Cluster
from tests.operator_process import OperatorProcess
from tests.server import ServerError

CLASS = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "forgotten"}}


@pytest.fixture
def tester(administrator: Cluster, kubectl: Client) -> Client:
    """Somebody with the rights that tests have beside others."""
    return Client(rights.restricted(administrator), kubectl.namespace)


def test_it_may_not_change_what_concerns_every_namespace(tester: Client) -> None:
    with pytest.raises(ServerError, match=r"storageclasses.* is forbidden"):
        tester.server.create("storageclass", "", {**CLASS, "provisioner": "example.com/nobody"})


def test_it_may_not_count_the_writes_of_all(tester: Client) -> None:
    with pytest.raises(ServerError, match='cannot get path "/metrics"'):
        tester.server.request("GET", "/metrics")


def test_it_may_do_everything_in_a_namespace(tester: Client) -> None:
    tester.apply(a_formation())

    assert tester.find("formation", "shop")


@pytest.mark.parametrize("way", ["stop", "kill", "restart", "start"])
def test_it_may_not_end_the_operator(operator: OperatorProcess, way: str) -> None:
    beside_others = OperatorProcess(operator.cluster, shared=True)
    before = operator.pid

    with pytest.raises(AssertionError, match="mark this test `alone`"):
        getattr(beside_others, way)()

    assert operator.pid == before
