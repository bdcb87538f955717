"""Who may not write sends no write, whatever it is; the gate is asked as late as that can be known."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from kubernetes.aio import client

from formation_operator.api import naming
from formation_operator.kube import api_server, errors
from formation_operator.kube.events.notices import Notice
from formation_operator.kube.port import Cluster
from formation_operator.kube.session import connection
from tests import builders
from tests.builders import a_formation

FORMATION = builders.stored(a_formation())
PLACE = (naming.KIND, "default", "shop")
WRITES: dict[str, Callable[[Cluster], Awaitable[object]]] = {
    "create": lambda cluster: cluster.create(FORMATION, manager="us"),
    "apply": lambda cluster: cluster.apply(FORMATION, manager="us"),
    "apply_status": lambda cluster: cluster.apply_status({**FORMATION, "status": {}}),
    "patch": lambda cluster: cluster.patch(*PLACE, []),
    "delete": lambda cluster: cluster.delete(*PLACE, "uid", "1"),
    "notify": lambda cluster: cluster.notify(FORMATION, Notice("Scaled", "Scale", "to 3")),
}
READS = {"pages", "select", "get", "schema"}


async def sent(act: Callable[[Cluster], Awaitable[object]], may_write: Callable[[], bool]) -> list[str]:
    """Return the methods of the requests that go out."""
    methods: list[str] = []

    async def send(method: str, *_: Any) -> tuple[int, bytes]:
        methods.append(method)
        return 200, b"{}"

    opened = connection.Connection(client.Configuration(host="http://127.0.0.1:1"))
    cluster = api_server.Kube(opened, timeout=1, may_write=may_write)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opened, "send", send)
        try:
            await act(cluster)
        finally:
            await cluster.close()
    return methods


def test_every_method_of_the_port_is_known_to_write_or_to_read() -> None:
    methods = {name for name in vars(Cluster) if not name.startswith("_")}
    assert methods == WRITES.keys() | READS


@pytest.mark.parametrize("write", WRITES)
async def test_a_write_is_sent_by_who_may_write_and_by_nobody_else(
    write: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(await sent(WRITES[write], lambda: True)) == 1
    try:
        refused = await sent(WRITES[write], lambda: False)
    except errors.UnavailableError as error:
        refused = []
        caplog.handler.records.append(logging.makeLogRecord({"msg": str(error)}))
    assert refused == []
    assert ["not sent" in record.getMessage() for record in caplog.records] == [True]


async def test_who_may_not_write_may_read() -> None:
    assert await sent(lambda cluster: cluster.get(*PLACE), lambda: False) == ["GET"]
