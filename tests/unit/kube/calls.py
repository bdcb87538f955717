"""What may be asked of the API server about one Formation."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from kubernetes.aio import client

from formation_operator.api import naming
from formation_operator.kube import api_server
from formation_operator.kube.notices import Notice
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Cluster
from formation_operator.kube.session import connection
from tests.shared import builders
from tests.shared.builders import a_formation

K = TypeVar("K", bound=api_server.Kube)
FORMATION = builders.stored(a_formation())
PLACE = (naming.KIND, "default", "shop")
WRITES: dict[str, Callable[[Cluster], Awaitable[object]]] = {
    "create": lambda cluster: cluster.create(FORMATION, manager="us"),
    "apply": lambda cluster: cluster.apply(FORMATION, manager="us"),
    "replace_status": lambda cluster: cluster.replace_status({**FORMATION, "status": {}}),
    "patch": lambda cluster: cluster.patch(*PLACE, []),
    "delete": lambda cluster: cluster.delete(*PLACE, "uid", "1"),
    "notify": lambda cluster: cluster.notify(FORMATION, Notice("Scaled", "Scale", "to 3")),
}


@contextlib.asynccontextmanager
async def closed(cluster: K) -> AsyncIterator[K]:
    """Close the connections of who asks at the end."""
    try:
        yield cluster
    finally:
        await cluster.close()


def asking(host: str, timeout: float = 5, **settings: Any) -> contextlib.AbstractAsyncContextManager[Cluster]:
    """Return who asks a server, with some settings of the connection."""
    configuration = client.Configuration(host=host, **settings)
    return closed(api_server.Kube(connection.Connection(configuration), timeout=timeout))


async def names(cluster: Cluster) -> list[str]:
    """Return the names of all Formations, as they are listed."""
    pages = cluster.pages(kinds.BY_NAME[naming.KIND])
    return [item["metadata"]["name"] async for items, _ in pages for item in items]
