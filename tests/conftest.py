"""The cluster, its node, a namespace of one's own, and the operator as it is shipped."""

import pathlib
from collections.abc import Iterator

import pytest

from tests import cluster as clusters
from tests.client import Client, established, eventually
from tests.cluster import paths
from tests.cluster.cluster import Cluster
from tests.namespaces import fresh_namespace
from tests.operator_process import OperatorProcess


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch that writes the golden files of tests/unit anew."""
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The cluster that runs, or else one that is started for this session and ended after it."""
    running = clusters.current()
    yield running or clusters.up()
    if running is None:
        clusters.down()


@pytest.fixture(scope="session")
def installed(cluster: Cluster) -> Cluster:
    """The cluster with our CRD and RBAC, installed by the README's own commands."""
    cluster.run_kubectl("apply", "-k", str(paths.ROOT / "crds"))
    cluster.run_kubectl("apply", "-k", str(paths.ROOT / "manifests" / "rbac"))
    kubectl = Client(cluster, "default")
    established(kubectl, "formations.formations.dev")
    # The server publishes a kind's description a moment after it serves the kind.
    explained = ("explain", "formations.formations.dev")
    eventually(lambda: kubectl(*explained, check=False).returncode == 0)
    return cluster


@pytest.fixture(scope="session")
def real_node(installed: Cluster) -> Cluster:
    """The cluster, if its node runs processes."""
    if installed.node != "real":
        pytest.skip("nothing runs on this node: it isn't real")
    return installed


@pytest.fixture(scope="session")
def operator(installed: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorProcess]:
    """The operator, running as a process with the RBAC that we ship."""
    log: pathlib.Path = tmp_path_factory.mktemp("operator") / "operator.log"
    running = OperatorProcess(installed, log)
    running.start()
    yield running
    running.stop()
    print(f"\nthe operator's log:\n{log.read_text()[-20000:]}")


@pytest.fixture
def namespace(installed: Cluster) -> Iterator[str]:
    """A fresh namespace."""
    with fresh_namespace(installed) as name:
        yield name


@pytest.fixture
def kubectl(installed: Cluster, namespace: str) -> Client:
    """Kubectl in the fresh namespace, on a cluster that knows Formations."""
    return Client(installed, namespace)


@pytest.fixture
def user(operator: OperatorProcess, kubectl: Client) -> Client:
    """Kubectl in the fresh namespace, with the operator at work."""
    assert operator.process is not None
    assert operator.process.poll() is None, f"the operator has died:\n{operator.last_lines()}"
    return kubectl


@pytest.fixture
def interrupted(operator: OperatorProcess) -> Iterator[OperatorProcess]:
    """The operator, which the test may end as it likes."""
    yield operator
    operator.restart()
