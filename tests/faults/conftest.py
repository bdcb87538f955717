"""Namespaces whose Pods are held: nothing here asks what runs in them."""

from collections.abc import Iterator

import pytest

from tests.cluster.cluster import Cluster
from tests.namespaces import HELD, fresh_namespace


@pytest.fixture
def namespace(installed: Cluster) -> Iterator[str]:
    """A fresh namespace, in which no Pod runs."""
    with fresh_namespace(installed, HELD) as name:
        yield name
