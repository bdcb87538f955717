"""A namespace for each test: it comes with the test and goes with it."""

import contextlib
import uuid
from collections.abc import Iterator

from tests import server
from tests.cluster.cluster import Cluster


@contextlib.contextmanager
def fresh_namespace(cluster: Cluster) -> Iterator[str]:
    """Make a namespace, and delete it afterwards without waiting for it."""
    api = server.of(cluster)
    name = f"t-{uuid.uuid4().hex[:10]}"
    api.create("namespace", "", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    try:
        yield name
    finally:
        api.delete("namespace", "", name)
