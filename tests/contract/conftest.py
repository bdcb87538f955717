"""Namespaces whose Pods are held, and one for what is refused: nothing of that is there, so all share it."""

from collections.abc import Iterator

import pytest

from tests.client import Client
from tests.cluster.cluster import Cluster
from tests.namespaces import HELD, fresh_namespace


@pytest.fixture(scope="module")
def refusing(installed: Cluster) -> Iterator[Client]:
    """A user in a namespace in which nothing is stored."""
    with fresh_namespace(installed) as name:
        yield Client(installed, name)


@pytest.fixture
def namespace(installed: Cluster) -> Iterator[str]:
    """A fresh namespace, in which no Pod runs."""
    with fresh_namespace(installed, HELD) as name:
        yield name
