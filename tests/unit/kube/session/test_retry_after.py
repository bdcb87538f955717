"""A server that asks to be left alone for a while is asked nothing meanwhile, by anybody."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from formation_operator.kube.session import retry_after
from tests.unit.fakes.loopback import answering


class Busy:
    """A server that is busy at its first request."""

    def __init__(self, status: int, wish: str) -> None:
        self._headers = {"Retry-After": wish}
        self._statuses = [status]
        self.asked: list[float] = []
        """When it was asked."""

    @contextlib.asynccontextmanager
    async def asked_by(
        self, *middlewares: aiohttp.ClientMiddlewareType
    ) -> AsyncIterator[aiohttp.ClientSession]:
        """Give a session to ask it in."""
        async with (
            answering(self._answer) as url,
            aiohttp.ClientSession(url, middlewares=middlewares) as session,
        ):
            yield session

    async def _answer(self, _: web.Request) -> web.Response:
        self.asked.append(asyncio.get_running_loop().time())
        status = self._statuses.pop() if self._statuses else 200
        return web.Response(status=status, headers=self._headers if status != 200 else {})


@pytest.mark.parametrize("status", [429, 503])
async def test_nobody_asks_while_the_server_wants_to_be_left_alone(status: int) -> None:
    server = Busy(status, "1")
    async with server.asked_by(retry_after.RetryAfter()) as session:
        assert (await session.get("/")).status == status
        answers = await asyncio.gather(*(session.get("/") for _ in range(5)))
    assert {each.status for each in answers} == {200}
    first, *others = server.asked
    assert min(others) >= first + 1


@pytest.mark.parametrize("other", ["/", "/api/v1/namespaces/b/pods", "/apis/x/v1/namespaces/a-b/leases/x"])
async def test_what_is_said_about_one_namespace_holds_up_no_other(other: str) -> None:
    server = Busy(429, "10")
    async with server.asked_by(retry_after.RetryAfter()) as session:
        await session.get("/apis/apps/v1/namespaces/a/deployments/shop-web")
        held = asyncio.create_task(session.get("/api/v1/namespaces/a/services/shop-web"))
        async with asyncio.timeout(9):
            assert (await session.get(other)).status == 200
        await asyncio.sleep(0.1)
        assert not held.done()
        held.cancel()
    assert len(server.asked) == 2


async def test_a_lease_waits_for_a_moment_only_whatever_is_said_about_its_namespace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retry_after, "LONGEST_OF_LEASE", 0.2)
    server = Busy(429, "10")
    async with server.asked_by(retry_after.RetryAfter()) as session:
        await session.get("/api/v1/namespaces/leases/pods")
        async with asyncio.timeout(60):
            await session.get("/apis/coordination.k8s.io/v1/namespaces/leases/leases/x")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await session.get("/api/v1/namespaces/leases/pods")
    first, last = server.asked
    assert last > first + 0.1


@pytest.mark.parametrize(
    ("status", "wish"), [(500, "60"), (404, "60"), (503, "Fri, 31 Dec 1999 23:59:59 GMT"), (429, "²")]
)
async def test_nothing_else_holds_a_request_back(status: int, wish: str) -> None:
    server = Busy(status, wish)
    async with server.asked_by(retry_after.RetryAfter()) as session:
        async with asyncio.timeout(60):
            await session.get("/")
            assert (await session.get("/")).status == 200


async def test_no_server_is_left_alone_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry_after, "LONGEST", 0.1)
    async with Busy(429, "9" * 300).asked_by(retry_after.RetryAfter()) as session:
        async with asyncio.timeout(60):
            await session.get("/")
            assert (await session.get("/")).status == 200
