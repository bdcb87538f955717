"""A namespace for what is refused: nothing of it is ever there, so a module's tests can share it."""

from collections.abc import Iterator

import pytest

from tests.client import Client
from tests.cluster.cluster import Cluster
from tests.namespaces import fresh_namespace


@pytest.fixture(scope="module")
def refusing(installed: Cluster) -> Iterator[Client]:
    """A user in a namespace in which nothing is stored."""
    with fresh_namespace(installed) as name:
        yield Client(installed, name)
