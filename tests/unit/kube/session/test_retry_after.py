"""A server that asks to be left alone for a while is asked nothing meanwhile, nor to watch at once."""

import asyncio
import types
from typing import Any

import pytest
import yarl

from formation_operator.kube.session import kopf_session, retry_after
from tests.unit import virtual_time

LOOP = {"virtual": virtual_time.VirtualLoop}
IN_A = "/api/v1/namespaces/a/services/shop-web"
LEASE = "/apis/coordination.k8s.io/v1/namespaces/a/leases/x"


class Busy:
    """A server that is busy at its first request, and who asks it."""

    def __init__(self, status: int, wish: str) -> None:
        self._first = [(status, {"Retry-After": wish})]
        self._middleware: Any = retry_after.RetryAfter()

    async def waited(self, path: str) -> float:
        """Ask for a path, and return for how long the request was held back."""
        before = asyncio.get_running_loop().time()
        await self._middleware(types.SimpleNamespace(url=yarl.URL(f"http://server{path}")), self._send)
        return asyncio.get_running_loop().time() - before

    async def _send(self, _: object) -> object:
        status, headers = self._first.pop() if self._first else (200, {})
        return types.SimpleNamespace(status=status, headers=headers)


@pytest.mark.parametrize("status", [429, 503])
async def test_nobody_asks_while_the_server_wants_to_be_left_alone(status: int) -> None:
    server = Busy(status, "3")
    assert await server.waited("/") == 0
    assert await asyncio.gather(*(server.waited("/") for _ in range(5))) == [3.0] * 5


@pytest.mark.parametrize("other", ["/", "/api/v1/namespaces/b/pods", "/apis/x/v1/namespaces/a-b/leases/x"])
async def test_what_is_said_about_one_namespace_holds_up_no_other(other: str) -> None:
    server = Busy(429, "10")
    await server.waited(IN_A)
    assert await server.waited(other) == 0
    assert await server.waited(IN_A) == 10


async def test_a_lease_waits_for_a_moment_only_whatever_is_said_about_its_namespace() -> None:
    server = Busy(429, "10")
    await server.waited(IN_A)
    assert await server.waited(LEASE) == retry_after.LONGEST_OF_LEASE


@pytest.mark.parametrize(
    ("status", "wish", "longest"),
    [
        (500, "60", 0),
        (404, "60", 0),
        (503, "Fri, 31 Dec 1999 23:59:59 GMT", 0),
        (429, "²", 0),
        (429, "9" * 300, retry_after.LONGEST),
    ],
)
async def test_nothing_else_holds_a_request_back_and_nothing_for_ever(
    status: int, wish: str, longest: float
) -> None:
    server = Busy(status, wish)
    await server.waited(IN_A)
    assert await server.waited(IN_A) == longest


async def test_kopfs_watches_of_a_namespace_start_a_second_apart_and_one_after_a_longer_one_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """kopf itself starts the next one at once."""
    monkeypatch.setattr(kopf_session, "APART", 1.0)
    watched = kopf_session.Watched(*[lambda _: None] * 2)
    now = asyncio.get_running_loop().time

    async def started(namespace: str | None = None) -> float:
        before = now()
        await watched._wait(namespace)  # noqa: SLF001  # its answers come from a server
        return now() - before

    assert [await started(), await started(), await started("left")] == [0, 1, 0]
    await asyncio.sleep(300)
    assert await started() == 0
