"""The neighbours on the cluster, and an app that runs."""

from collections.abc import Iterator

import pytest

from tests import once
from tests.client import Client, eventually
from tests.cluster.cluster import Cluster
from tests.images import debian
from tests.namespaces import HELD, fresh_namespace
from tests.neighbours import keda
from tests.operator_process import OperatorProcess


@pytest.fixture
def with_keda(
    installed: Cluster, operator: OperatorProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A user of a cluster with KEDA's webhook, whose Pods are held: counts are all that is looked at."""
    keda.install(installed, tmp_path_factory.mktemp("keda"))
    with fresh_namespace(installed, HELD) as name:
        yield Client(installed, name)
    keda.uninstall(installed)


@pytest.fixture
def person(user: Client, real_node: Cluster) -> Client:
    """A user with an image that has a shell, and a namespace in which Pods can be created at once."""
    once.load(real_node, debian.base())
    eventually(lambda: user.find("serviceaccount", "default"))
    return user
