"""What health checks and Prometheus are answered."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable

import aiohttp
import pytest
import uvloop
from prometheus_client import Metric

from formation_operator import command_line
from formation_operator.settings import Settings
from formation_operator.telemetry import server
from formation_operator.telemetry.bounded_port import Port
from formation_operator.telemetry.instruments import Instruments
from hack.local_http import free_port


@contextlib.asynccontextmanager
async def answering(
    instruments: Instruments, unready: Callable[[], str] = str, host: str = "127.0.0.1"
) -> AsyncIterator[tuple[str, str]]:
    """Serve at two ports; return the addresses of health and of metrics."""
    health, scraped = (f"{host}:{free_port()}" for _ in range(2))
    checks = Port(server.health(f"http://{health}/healthz", str, unready))
    metrics = Port({server.METRICS: server.exposition(instruments.registry)})
    try:
        await checks.listen(*server.address(f"http://{health}/healthz"))
        await metrics.listen(*server.address(scraped))
        yield f"http://{health}", f"http://{scraped}"
    finally:
        await checks.close()
        await metrics.close()


async def fetched(url: str, accept: str = "*/*") -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as client, client.get(url, headers={"Accept": accept}) as response:
        return response.status, await response.text(), response.headers["Content-Type"]


async def test_metrics_are_served_in_the_format_that_is_asked_for() -> None:
    async with answering(Instruments()) as (_, scraped):
        status, text, kind = await fetched(f"{scraped}/metrics")
        assert (status, kind.split(";")[0]) == (200, "text/plain")
        assert "# TYPE formation_operator_passes_total counter" in text
        assert "process_resident_memory_bytes" in text
        _, text, kind = await fetched(f"{scraped}/metrics", "application/openmetrics-text; version=1.0.0")
        assert kind.startswith("application/openmetrics-text")
        assert text.endswith("# EOF\n")


class Counted:
    """Notes how often metrics are counted, as those of thousands of Formations take a while."""

    def __init__(self) -> None:
        self.times = 0

    def collect(self) -> Iterable[Metric]:
        self.times += 1
        return []


async def test_a_burst_of_scrapes_has_metrics_counted_once_a_second_in_each_of_two_formats(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "CACHED_SECONDS", 3600.0)
    counted, instruments = Counted(), Instruments()
    instruments.registry.register(counted)
    before = counted.times
    chosen = [f"application/openmetrics-text; version=1.0.{number}" for number in range(20)]
    async with answering(instruments) as (_, scraped):
        for accept in ("*/*", "text/plain; version=1.0.0"):
            await asyncio.gather(*(fetched(f"{scraped}/metrics", accept) for _ in range(20)))
        await asyncio.gather(*(fetched(f"{scraped}/metrics", accept) for accept in chosen))
        assert counted.times - before <= 2


class Slow(Counted):
    """Takes so long that whoever asked has gone."""

    def collect(self) -> Iterable[Metric]:
        time.sleep(0.5)
        return super().collect()


async def test_metrics_are_counted_no_second_time_for_clients_that_dont_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "CACHED_SECONDS", 3600.0)
    counted, instruments = Slow(), Instruments()
    instruments.registry.register(counted)
    async with answering(instruments) as (_, scraped):
        before = counted.times
        for _ in range(20):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(fetched(f"{scraped}/metrics"), 0.02)
        assert (await fetched(f"{scraped}/metrics"))[0] == 200
        assert counted.times == before + 1


async def test_health_is_answered_beside_metrics_and_who_lives_but_isnt_ready_fails_one_check_only() -> None:
    async with answering(Instruments(), lambda: "it starts") as (health, scraped):
        asked = (f"{health}/healthz", f"{health}/readyz", f"{health}/metrics", f"{scraped}/healthz")
        found = [(await fetched(url))[:2] for url in asked]
    nothing = (404, "there is nothing here\n")
    assert found == [(200, "ok\n"), (503, "it starts\n"), nothing, nothing]


def has_ipv6() -> bool:
    """Tell whether this machine can be asked by IPv6."""
    try:
        with socket.socket(socket.AF_INET6) as listener:
            listener.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
async def test_by_default_a_pod_is_reached_by_ipv4_and_by_ipv6() -> None:
    assert (Settings().liveness, command_line.METRICS) == ("http://:8080/healthz", ":9090")
    async with answering(Instruments(), host="") as (health, scraped):  # as these, but for the ports
        for host in ("127.0.0.1", "[::1]"):
            for url in (f"{health}/healthz", f"{scraped}/metrics"):
                assert (await fetched(url.replace("//", f"//{host}")))[0] == 200


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (":9090", (None, 9090)),
        ("127.0.0.1:1", ("127.0.0.1", 1)),
        ("http://[::1]:8080/healthz", ("::1", 8080)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, where: tuple[str | None, int]) -> None:
    assert server.address(text) == where


class Endless(Counted):
    """Is never counted to its end."""

    def __init__(self) -> None:
        super().__init__()
        self.over = threading.Event()

    def collect(self) -> Iterable[Metric]:
        self.over.wait()
        return super().collect()


def test_a_count_that_never_ends_keeps_no_loop_from_closing() -> None:
    endless, instruments = Endless(), Instruments()
    instruments.registry.register(endless)

    async def scraped_in_vain() -> None:
        async with answering(instruments) as (_, scraped):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(fetched(f"{scraped}/metrics"), 0.1)

    try:
        uvloop.run(scraped_in_vain())
    finally:
        endless.over.set()
