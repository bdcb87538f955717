"""The neighbours on the cluster, and an app that runs."""

from collections.abc import Iterator

import pytest

from hack.cluster.cluster import Cluster
from hack.images import debian
from hack.operator_process import OperatorProcess
from tests.live import once
from tests.live.client import Client, eventually
from tests.live.namespaces import HELD, fresh_namespace
from tests.neighbours import flux, keda
from tests.neighbours.flux import Artifacts, Folder


@pytest.fixture(scope="session")
def with_keda(
    real_node: Cluster, operator: OperatorProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """A cluster with KEDA, which the operator gets to know while it runs."""
    keda.install(real_node, tmp_path_factory.mktemp("keda"))
    yield real_node
    keda.uninstall(real_node)


@pytest.fixture
def scaled(with_keda: Cluster) -> Iterator[Client]:
    """A user of a cluster with KEDA, whose Pods are held: counts are all that is looked at."""
    with fresh_namespace(with_keda, HELD) as name:
        yield Client(with_keda, name)


@pytest.fixture
def person(user: Client, real_node: Cluster) -> Client:
    """A user with an image that has a shell, and a namespace in which Pods can be created at once."""
    once.load(real_node, debian.base())
    eventually(lambda: user.find("serviceaccount", "default"))
    return user


@pytest.fixture(scope="session")
def with_flux(real_node: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """Flux on the cluster, and what it applies."""
    return flux.install(real_node, tmp_path_factory.mktemp("flux"))


@pytest.fixture
def folder(person: Client, with_flux: Artifacts) -> Iterator[Folder]:
    """What a user has in Git."""
    made = Folder(person, with_flux)
    yield made
    made.forget()
