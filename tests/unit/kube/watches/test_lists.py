"""A list is answered without a server, and everything else goes to it."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator

import aiohttp
import pytest
from kubernetes.aio import client as kubernetes

from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.session import connection
from formation_operator.kube.watches import lists
from tests.unit import virtual_time

NOBODY = "http://127.0.0.1:1"
"""No server is there."""


class Lister:
    """Notes what it is asked to list, and when."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.times: list[float] = []
        self.error = error

    async def since(self, kind: kinds.Kind, namespace: str | None) -> str:
        self.asked.append((kind.name, namespace))
        self.times.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return "42"


@contextlib.asynccontextmanager
async def session(
    lister: Lister, server: str = NOBODY, *scopes: str | None
) -> AsyncIterator[aiohttp.ClientSession]:
    connected = connection.Connection(kubernetes.Configuration(host=server))
    async with lists.session(connected, scopes or (None,), lister.since, lambda *_: None) as opened:
        yield opened
    await connected.close()


@pytest.mark.parametrize("root", ["", "/", "/k8s/clusters/c-1", "/k8s/clusters/c-1/"])
async def test_a_list_has_no_objects_and_our_version_below_whatever_path_the_server_is(root: str) -> None:
    lister, server = Lister(), NOBODY + root
    async with session(lister, server) as client:
        response = await client.get(f"{server.rstrip('/')}/apis/apps/v1/deployments?labelSelector=x")
        async with response:
            assert response.status == 200
            assert await response.json() == {"metadata": {"resourceVersion": "42"}, "items": []}
        assert response.closed
    assert lister.asked == [("Deployment", None)]


async def test_a_list_of_a_namespace_is_of_that_namespace() -> None:
    lister = Lister()
    async with session(lister, NOBODY, "left", "right") as client:
        await client.get(f"{NOBODY}/api/v1/namespaces/right/pods")
    assert lister.asked == [("Pod", "right")]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/pods?watch=true&resourceVersion=42",
        "/api/v1/namespaces",
        "/api/v1/namespaces/elsewhere/pods",
        "/apis/batch/v1",
        "/apis/apps/v1/deployments/shop",
    ],
)
async def test_whatever_else_is_asked_goes_to_the_server(path: str) -> None:
    lister = Lister()
    async with session(lister) as client:
        with pytest.raises(aiohttp.ClientConnectionError, match=r"[Cc]onnect call failed"):
            await client.get(NOBODY + path)
    assert lister.asked == []


@pytest.mark.parametrize(
    "error",
    [errors.RefusedError("no"), errors.NotFoundError("no"), errors.RestoredError("no"), KeyError("no")],
    ids=repr,
)
async def test_a_list_that_failed_is_as_a_lost_connection(error: Exception) -> None:
    async with session(Lister(error)) as client:
        with pytest.raises(aiohttp.ClientConnectionError, match=r"/api/v1/pods: .*no"):
            await client.get(f"{NOBODY}/api/v1/pods")


async def listed(client: aiohttp.ClientSession, path: str = "/api/v1/pods") -> bool:
    """Ask for a list, as kopf does until there is one."""
    try:
        await client.get(NOBODY + path)
    except aiohttp.ClientConnectionError:
        return False
    return True


async def test_two_lists_of_a_place_at_once_are_both_answered() -> None:
    async with session(Lister()) as client:
        assert all(await asyncio.gather(listed(client), listed(client)))


def test_a_list_that_goes_on_failing_is_tried_ever_more_seldom_up_to_a_bound() -> None:
    lister = Lister(errors.UnavailableError("no"))

    async def try_again_and_again() -> None:
        async with session(lister) as client:
            for _ in range(20):
                assert not await listed(client)

    virtual_time.run(try_again_and_again())
    pauses = [after - before for before, after in itertools.pairwise(lister.times)]
    assert sum(pauses[:4]) < lists.MOST, "what is soon over is soon noticed"
    assert all(lists.MOST / 2 <= pause <= lists.MOST for pause in pauses[5:])
    assert len(set(pauses[5:])) > 1, "replicas don't ask all at the same moment"


def test_one_failure_after_a_list_is_as_the_first_and_delays_no_other_kind() -> None:
    lister, failure = Lister(errors.UnavailableError("no")), errors.UnavailableError("no")

    async def fail_then_list_then_fail() -> None:
        async with session(lister) as client:
            for _ in range(8):
                assert not await listed(client)
            assert not await listed(client, "/api/v1/services")
            for error in (None, failure, failure):
                lister.error = error
                assert await listed(client) == (error is None)

    virtual_time.run(fail_then_list_then_fail())
    eighth, other_kind, _, failed, again = lister.times[-5:]
    assert other_kind == eighth
    assert again - failed <= lists.FIRST
