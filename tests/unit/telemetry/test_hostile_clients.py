"""What anyone who reaches the ports of health checks and metrics can do to the operator: little.

The ports are those of a process, and whoever connects to them does so over real sockets.
"""

import contextlib
import http.client
import pathlib
import select
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from formation_operator.telemetry import bounded_port
from tests.live.client import eventually
from tests.unit.telemetry import answering

SOON = 0.5
"""Seconds until a connection is cut off, where that is waited for."""
BEGUN = b"GET /healthz HTTP/1.1\r\nHost: operator\r\n"
WHOLE = BEGUN + b"\r\n"
SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: operator\r\n\r\n"
WITH_A_BODY = BEGUN + b"Content-Length: 1000\r\n\r\n"
ANOTHER_HOST = "127.0.0.2"


def headers(number: int, size: int) -> bytes:
    return b"".join(b"X-%d: %s\r\n" % (each, b"x" * size) for each in range(number))


@contextlib.contextmanager
def closed(clients: list[socket.socket]) -> Iterator[list[socket.socket]]:
    try:
        yield clients
    finally:
        for client in clients:
            client.close()


def rest(client: socket.socket) -> bytes:
    """Return what comes until a connection ends."""
    came = b""
    with contextlib.suppress(ConnectionError):
        while piece := client.recv(65536):
            came += piece
    return came


def is_cut_off(client: socket.socket) -> bool:
    """Tell whether the other side knows a connection no more, whatever of it wasn't read."""
    events = select.poll()
    events.register(client, 0)  # errors are told in any case
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in events.poll(0))


def is_checked(process: answering.Process, path: str = "/healthz") -> bool:
    """Ask as kubelet does: over a new connection."""
    kubelet = http.client.HTTPConnection("127.0.0.1", process.health, timeout=60)
    try:
        kubelet.request("GET", path, headers={"Connection": "close"})
        return kubelet.getresponse().status == 200
    except ConnectionError:
        return False
    finally:
        kubelet.close()


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(BEGUN + headers(126, 8000), id="126-headers-of-8-KB"),
        pytest.param(BEGUN + headers(60, 256), id="as-much-as-is-taken"),
        pytest.param(SCRAPE, id="metrics-that-nobody-reads"),
    ],
)
def test_250_connections_that_never_end_take_little_memory(sent: bytes, tmp_path: pathlib.Path) -> None:
    with answering.process(tmp_path / "log", types=2000) as process:
        assert is_checked(process)
        before = process.mebibytes()
        ports = (process.metrics,) if sent == SCRAPE else (process.health, process.metrics)
        with closed([process.connected(ports[each % len(ports)], sent) for each in range(250)]):
            assert is_checked(process)
            eventually(lambda: process.connections() <= 2 * bounded_port.CONNECTIONS)
            took, most = process.mebibytes(), process.mebibytes("VmHWM")
        print(f"{before:.0f} MiB before, {took:.0f} under attack, {most:.0f} at most")
        assert most - before < 48


@pytest.mark.parametrize("sent", [b"", WHOLE], ids=["nothing is sent", "one answer comes"])
def test_no_more_than_64_connections_are_open_at_a_port(sent: bytes, tmp_path: pathlib.Path) -> None:
    with answering.process(tmp_path / "log", seconds=3600) as process:
        with closed([process.connected(process.metrics, sent) for _ in range(200)]):
            assert is_checked(process)
            eventually(lambda: process.connections() == bounded_port.CONNECTIONS)
        eventually(lambda: not process.connections())


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing-is-sent"),
        pytest.param(b"GET /healthz", id="no-line-is-whole"),
        pytest.param(BEGUN + headers(10, 10), id="the-headers-never-end"),
        pytest.param(WITH_A_BODY, id="a-body-never-comes"),
        pytest.param(WHOLE, id="it-is-kept-after-the-answer"),
        pytest.param(b"nonsense\r\n\r\n", id="it-is-kept-after-a-refusal"),
        pytest.param(SCRAPE, id="the-answer-is-not-read"),
    ],
)
def test_a_connection_is_closed_after_its_time_whatever_happens_on_it(
    sent: bytes, tmp_path: pathlib.Path
) -> None:
    with (
        answering.process(tmp_path / "log", types=2000, seconds=SOON) as process,
        closed([process.connected(process.metrics, sent)]) as (client,),
    ):
        eventually(lambda: is_cut_off(client))
        assert not process.connections()


def scraping(process: answering.Process) -> socket.socket:
    """Ask for metrics with hardly any room for them."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", process.metrics))
    client.sendall(SCRAPE)
    return client


def test_the_kernel_keeps_nothing_of_an_answer_that_was_not_read_in_time(tmp_path: pathlib.Path) -> None:
    """Of a connection that was closed in the usual way it keeps all, for minutes, as memory of the Pod."""
    with answering.process(tmp_path / "log", types=4000, seconds=SOON) as process:
        with closed([scraping(process)]) as (client,):
            eventually(lambda: is_cut_off(client))
            unread = rest(client)
        with closed([process.connected(process.metrics, SCRAPE)]) as (another,):
            whole = rest(another)
    assert len(whole) > 1_000_000
    assert len(unread) < 100_000


def test_a_connection_has_one_answer_and_is_closed_then(tmp_path: pathlib.Path) -> None:
    with (
        answering.process(tmp_path / "log", seconds=3600) as process,
        closed([process.connected(process.health, WHOLE * 20)]) as (client,),
    ):
        answers = rest(client)
        client.close()
        assert answers.count(b"HTTP/1.1 200 OK") == 1
        assert b"\r\nConnection: close\r\n" in answers
        eventually(lambda: not process.connections())


def test_malformed_requests_are_no_line_of_the_log(tmp_path: pathlib.Path) -> None:
    malformed = (BEGUN + b"no header\r\n\r\n", b"G\x00T / HTTP/1.1\r\n\r\n", b"\x16\x03\x01")
    with answering.process(tmp_path / "log") as process:
        before = process.log.read_text()
        for each in malformed * 10:
            with closed([process.connected(process.health, each)]) as (client,):
                with contextlib.suppress(OSError):  # it may be closed already
                    client.shutdown(socket.SHUT_WR)
                rest(client)
        assert is_checked(process)
        assert process.log.read_text() == before


@contextlib.contextmanager
def busy(attack: Callable[[int], socket.socket]) -> Iterator[None]:
    """Open connections one after the other, and keep some hundred of them, until the block ends."""
    over = threading.Event()

    def attacking() -> None:
        kept: list[socket.socket] = []
        number = 0
        while not over.is_set():
            with contextlib.suppress(OSError):
                kept.append(attack(number))
            number += 1
            if len(kept) > 200:
                kept.pop(0).close()
        with closed(kept):
            pass

    attacker = threading.Thread(target=attacking)
    attacker.start()
    try:
        yield
    finally:
        over.set()
        attacker.join()


@pytest.mark.parametrize("hosts", [1, 200])
def test_kubelet_is_answered_while_strangers_open_more_connections_than_there_may_be(
    hosts: int, tmp_path: pathlib.Path
) -> None:
    """Otherwise they would have every replica ended by its liveness probe."""
    with answering.process(tmp_path / "log") as process:

        def attack(number: int) -> socket.socket:
            return process.connected(process.health, BEGUN, f"127.0.1.{1 + number % hosts}")

        with busy(attack):
            eventually(lambda: process.connections() >= bounded_port.CONNECTIONS)
            checks = [is_checked(process, "/readyz") for _ in range(100)]
    threes = zip(checks, checks[1:], checks[2:], strict=False)
    assert all(map(any, threes)), "kubelet ends a container after three failures in a row"


def test_a_scrape_is_answered_while_another_host_opens_more_connections_than_there_may_be(
    tmp_path: pathlib.Path,
) -> None:
    """It takes long enough for all that are open to be replaced: whoever has the most loses its oldest."""
    with answering.process(tmp_path / "log", types=10_000, seconds=60) as process:
        with busy(lambda _: process.connected(process.metrics, BEGUN, ANOTHER_HOST)):
            eventually(lambda: process.connections() >= bounded_port.CONNECTIONS)
            with closed([process.connected(process.metrics, SCRAPE)]) as (prometheus,):
                text = rest(prometheus)
        assert text.count(b"\nreplicas_ready{") == 10_000
