"""Who may not write starts no write, whatever it is and for whatever it has waited."""

import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from kubernetes.aio import client

from formation_operator.controller import election
from formation_operator.kube import api_server, errors
from formation_operator.kube.port import Cluster
from formation_operator.kube.session import connection
from tests.unit.fakes.loopback import answering
from tests.unit.kube.calls import FORMATION, PLACE, WRITES

READS = {"pages", "watch", "select", "get", "schema"}


@dataclasses.dataclass
class Scene:
    """A replica with few connections, and the server that it asks."""

    arrived: list[str] = dataclasses.field(default_factory=list)
    """The methods of the requests that came."""
    counted: list[tuple[str, int | None]] = dataclasses.field(default_factory=list)
    """The verbs and codes of the requests that the metrics know of."""
    may_write: bool = True
    answer: Callable[[web.Request], Awaitable[web.Response]] | None = None
    """What answers the next request; the others are answered with the Formation, at once."""

    @contextlib.asynccontextmanager
    async def played(self, connections: int = 1) -> AsyncIterator[api_server.Kube]:
        """Serve, and give the replica's port to the server."""
        async with answering(self._answer) as url:
            configuration = client.Configuration(host=url, connection_pool_maxsize=connections)
            opened = connection.Connection(
                configuration, lambda verb, code, _: self.counted.append((verb, code))
            )
            opened.fence.may_write = lambda: self.may_write
            cluster = api_server.Kube(opened, timeout=5)
            try:
                yield cluster
            finally:
                await cluster.close()

    async def _answer(self, request: web.Request) -> web.Response:
        self.arrived.append(request.method)
        await request.read()
        answer, self.answer = self.answer, None
        return web.json_response(FORMATION) if answer is None else await answer(request)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_every_method_of_the_port_is_known_to_write_or_to_read() -> None:
    methods = {name for name in vars(Cluster) if not name.startswith("_")}
    assert methods == WRITES.keys() | READS


@pytest.mark.parametrize("write", WRITES)
async def test_a_write_is_sent_by_who_may_write_and_by_nobody_else(
    scene: Scene, write: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with scene.played() as cluster:
        await WRITES[write](cluster)
        assert len(scene.arrived) == 1
        scene.may_write = False
        try:
            await WRITES[write](cluster)
        except errors.UnavailableError as error:
            caplog.handler.records.append(logging.makeLogRecord({"msg": str(error)}))
    assert len(scene.arrived) == 1
    assert ["not sent" in record.getMessage() for record in caplog.records] == [True]


async def test_a_write_that_is_not_sent_is_counted_as_no_request_and_reads_are_sent(scene: Scene) -> None:
    async with scene.played() as cluster:
        await cluster.patch(*PLACE, [])
        scene.may_write = False
        with pytest.raises(errors.UnavailableError):
            await cluster.patch(*PLACE, [])
        await cluster.get(*PLACE)
    assert (scene.arrived, scene.counted) == (["PATCH", "GET"], [("patch", 200), ("get", 200)])


async def test_a_write_that_gets_no_connection_soon_is_given_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was checked before it waited, and another replica may lead by now."""
    assert election.LEASE - election.DEADLINE > connection.CONNECT_SECONDS
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.5)
    held, over = asyncio.Event(), asyncio.Event()

    async def hold(_: web.Request) -> web.Response:
        held.set()
        await over.wait()
        return web.json_response(FORMATION)

    scene.answer = hold
    async with scene.played(connections=1) as cluster:
        holding = asyncio.create_task(cluster.get(*PLACE))
        await held.wait()
        with pytest.raises(errors.UnavailableError, match="Connection timeout"):
            await cluster.patch(*PLACE, [])
        over.set()
        await holding
        assert scene.arrived == ["GET"]
        await cluster.patch(*PLACE, [])
    assert scene.arrived == ["GET", "PATCH"], "the connection is there for others"


async def test_a_write_that_waits_for_a_server_until_nobody_may_write_is_not_sent(scene: Scene) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({}, status=429, headers={"Retry-After": "2"})

    scene.answer = refuse
    async with scene.played() as cluster:
        with pytest.raises(errors.UnavailableError):
            await cluster.patch(*PLACE, [])
        asyncio.get_running_loop().call_later(0.1, setattr, scene, "may_write", False)
        with pytest.raises(errors.UnavailableError, match="not sent"):
            await cluster.patch(*PLACE, [])
    assert scene.arrived == ["PATCH"]


@pytest.mark.parametrize(("still", "times"), [(True, 2), (False, 1)])
async def test_a_write_whose_connection_was_lost_is_tried_again_only_by_who_still_may_write(
    scene: Scene, still: bool, times: int
) -> None:
    async def lose(request: web.Request) -> web.Response:
        scene.may_write = still
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with scene.played() as cluster:
        scene.answer = lose
        with contextlib.suppress(errors.UnavailableError):
            await cluster.delete(*PLACE, "uid", "1")
    assert scene.arrived == ["DELETE"] * times
