"""A namespace for as long as it's needed."""

import contextlib
import itertools
import uuid
from collections.abc import Iterator

from tests.cluster.cluster import Cluster

_numbers = itertools.count(1)


@contextlib.contextmanager
def fresh_namespace(cluster: Cluster) -> Iterator[str]:
    """Make a namespace, and delete it afterwards without waiting for it."""
    name = f"t{next(_numbers)}-{uuid.uuid4().hex[:5]}"
    cluster.run_kubectl("create", "namespace", name)
    yield name
    cluster.run_kubectl("delete", "namespace", name, "--wait=false")
