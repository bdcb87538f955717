"""Namespaces whose Pods are held, as nothing here asks what runs in them; and the operator behind a proxy."""

from collections.abc import Iterator

import pytest

from hack.cluster.cluster import Cluster
from hack.operator_process import OperatorProcess
from tests.faults.place import Place, behind_a_proxy
from tests.live.namespaces import HELD, fresh_namespace


@pytest.fixture
def namespace(installed: Cluster) -> Iterator[str]:
    """A fresh namespace, in which no Pod runs."""
    with fresh_namespace(installed, HELD) as name:
        yield name


@pytest.fixture(scope="module")
def place(administrator: Cluster, operator: OperatorProcess) -> Iterator[Place]:
    """The operator, which reaches the API server through a proxy alone."""
    with behind_a_proxy(administrator, operator) as made:
        yield made
