"""Namespaces whose Pods are held, and one for what is refused: nothing of that is there, so all share it."""

import pathlib
from collections.abc import Callable, Iterator

import pytest

from hack.cluster.cluster import Cluster
from tests.contract import external_metrics
from tests.contract.external_metrics import Jobs
from tests.live.client import Client, eventually
from tests.live.namespaces import HELD, fresh_namespace
from tests.shared import builders


@pytest.fixture(scope="module")
def refusing(installed: Cluster) -> Iterator[Client]:
    """A user in a namespace in which nothing is stored."""
    with fresh_namespace(installed) as name:
        yield Client(installed, name)


@pytest.fixture
def namespace(installed: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh namespace, in which no Pod runs, with the labels that its module asks for."""
    with fresh_namespace(installed, {**HELD, **getattr(request.module, "NAMESPACE", {})}) as name:
        yield name


@pytest.fixture
def jobs(administrator: Cluster, real_node: Cluster, tmp_path: pathlib.Path) -> Iterator[Jobs]:
    """Jobs that wait for a worker, as the cluster's metrics have it."""
    with external_metrics.served(administrator, tmp_path) as waiting:
        yield waiting


@pytest.fixture
def shop(user: Client) -> Client:
    """A user with a Formation of one type."""
    user.applied(builders.a_formation())
    return user


@pytest.fixture
def somebody(user: Client) -> Callable[..., str]:
    """Return the token of somebody with a role in the namespace, where the Formation shop is."""

    def granted(cluster_role: str) -> str:
        user("create", "serviceaccount", "somebody")
        subject = f"--serviceaccount={user.namespace}:somebody"
        user("create", "rolebinding", "somebody", f"--clusterrole={cluster_role}", subject)
        token = user("create", "token", "somebody").stdout.strip()
        whole = (f"--as=system:serviceaccount:{user.namespace}:somebody", "get", "formation", "shop")
        eventually(lambda: user(*whole, check=False).returncode == 0)
        return token

    return granted
