"""The cluster, its node, a namespace of one's own, and the operator as it is shipped.

Tests run side by side, in processes that share one cluster and one operator. What stops, kills or replaces
the operator, or changes or loads the cluster, is marked `alone`. A test that forgets that is found out: side
by side, its account may change nothing that concerns all, and nobody stops the operator.
"""

import pathlib
from collections.abc import Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from hack import cluster as clusters
from hack.cluster import paths, record
from hack.cluster.cluster import Cluster
from hack.images import system_image
from hack.operator_process import OperatorProcess
from tests.live import plugin, rights
from tests.live.client import Client
from tests.live.installation import install
from tests.live.namespaces import fresh_namespace
from tests.live.once import is_done, once
from tests.live.plugin import Plugin
from tests.shared import side_by_side

pytest_plugins = ("hack.scripts.hangs",)
FOLDERS = ("systems", "e2e", "contract", "faults")
"""What takes longest begins first, so that nothing is left to wait for at the end."""
ONE_BY_ONE = ("contract", "e2e", "faults", "soak")
"""What needs no image comes first, while images are built; what loads the cluster, once that is over."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch that writes the golden files of tests/unit anew."""
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the slower folders first; those that need no image, while there are none yet."""
    built = all(
        any((paths.cache() / "images").glob(f"system-{name}-*")) for name in system_image.IN_EVERY_RUN
    )
    order = FOLDERS if built else tuple(reversed(FOLDERS))

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(paths.ROOT / "tests").parts[0]
        mine = ONE_BY_ONE if item.get_closest_marker("alone") else order
        return mine.index(folder) if folder in mine else len(mine)

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Hand out tests one by one, but for those that share a costly fixture."""
    return side_by_side.Scheduling(config, log)


def is_beside_others(config: pytest.Config) -> bool:
    """Tell whether other processes run other tests on the same cluster."""
    return hasattr(config, "workerinput")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the operator that this run has started, and show what it said last."""
    if is_beside_others(session.config) or not is_done("operator"):
        return
    running = clusters.current()
    if running is not None:
        operator = OperatorProcess(running)
        operator.stop()
        print(f"\nthe operator's log:\n{operator.last_lines(20000)}")


@pytest.fixture(scope="session")
def administrator(pytestconfig: pytest.Config) -> Iterator[Cluster]:
    """The cluster that runs, or else one that is started for this session and ended after it.

    Its administrator may do everything: beside others, only what concerns nobody else.
    """
    running = clusters.current()
    if running is None and is_beside_others(pytestconfig):
        pytest.exit("tests side by side need a cluster that is up: make up")
    yield running or clusters.up()
    if running is None:
        clusters.down()


@pytest.fixture(scope="session")
def installed(administrator: Cluster, pytestconfig: pytest.Config) -> Cluster:
    """The cluster with our CRD and RBAC, installed by the README's own commands."""
    once("installed", lambda: install(administrator))
    return rights.restricted(administrator) if is_beside_others(pytestconfig) else administrator


@pytest.fixture(scope="session")
def real_node(installed: Cluster) -> Cluster:
    """The cluster, if its node runs processes."""
    if installed.node != "real":
        pytest.skip("nothing runs on this node: it isn't real")
    return installed


@pytest.fixture(scope="session")
def operator(administrator: Cluster, installed: Cluster, pytestconfig: pytest.Config) -> OperatorProcess:
    """The operator, running as a process with the RBAC that we ship."""
    once("operator", OperatorProcess(administrator).start)
    return OperatorProcess(administrator, shared=is_beside_others(pytestconfig))


@pytest.fixture
def daemons(operator: OperatorProcess) -> record.Record:
    """The processes of the cluster, which a test may stop."""
    assert not operator.shared, "other tests rely on the cluster now: mark this test `alone`"
    return record.known()


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
    assert operator.pid is not None, f"the operator has died:\n{operator.last_lines()}"
    return kubectl


@pytest.fixture(scope="session")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with the project's commands, as pip would install them."""
    folder: pathlib.Path = tmp_path_factory.mktemp("scripts")
    plugin.install(folder)
    return folder


@pytest.fixture
def formation(user: Client, scripts: pathlib.Path, tmp_path: pathlib.Path) -> Plugin:
    """``kubectl formation`` in the fresh namespace, with the operator at work."""
    return plugin.of(user, scripts, tmp_path / "kubeconfig")


@pytest.fixture
def interrupted(operator: OperatorProcess) -> Iterator[OperatorProcess]:
    """The operator, which the test may end as it likes."""
    yield operator
    operator.restart()
