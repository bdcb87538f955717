"""The operator's two ports in a process of their own, whose memory and connections a test can look at.

``python -m tests.unit.telemetry.answering HEALTH METRICS TYPES SECONDS``: the two ports, how many process
types the metrics list, and how long a connection is open.
"""

import contextlib
import dataclasses
import logging
import pathlib
import re
import socket
import subprocess
import sys
from asyncio import Event
from collections.abc import Iterable, Iterator

import uvloop
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from formation_operator.telemetry import bounded_port, server
from formation_operator.telemetry.instruments import Instruments
from hack.cluster import paths
from hack.local_http import free_port


class Replicas:
    """As many figures as the operator gives of so many process types."""

    def __init__(self, types: int) -> None:
        self._types = types

    def collect(self) -> Iterable[Metric]:
        for name in ("desired", "ready"):
            gauge = GaugeMetricFamily(f"replicas_{name}", name, labels=["namespace", "formation", "type"])
            for number in range(self._types):
                gauge.add_metric([f"tenant-{number:057}", f"formation-{number:040}", "web"], 1)
            yield gauge


@dataclasses.dataclass(frozen=True)
class Process:
    """One that answers."""

    pid: int
    health: int
    metrics: int
    log: pathlib.Path
    sockets: int
    """What it has open while nobody is connected."""

    def mebibytes(self, what: str = "VmRSS") -> float:
        """Return how much memory it takes, or has taken at the most (``VmHWM``)."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        figure = re.search(rf"^{what}:\s+(\d+) kB$", status, re.MULTILINE)
        assert figure
        return int(figure[1]) / 1024

    def connections(self) -> int:
        """Return how many connections it has open."""
        return open_sockets(self.pid) - self.sockets

    def connected(self, port: int, said: bytes = b"", source: str = "127.0.0.1") -> socket.socket:
        """Connect to a port from an address of this machine, and send as much as the port takes."""
        client = socket.create_connection(("127.0.0.1", port), 60, (source, 0))
        with contextlib.suppress(ConnectionError):
            client.sendall(said)
        return client


def open_sockets(pid: int) -> int:
    """Return how many sockets a process has open."""
    number = 0
    for each in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            number += each.readlink().name.startswith("socket:")
    return number


@contextlib.contextmanager
def process(log: pathlib.Path, types: int = 0, seconds: float = bounded_port.SECONDS) -> Iterator[Process]:
    """Have one answer."""
    health, metrics = free_port(), free_port()
    command = [sys.executable, "-m", __spec__.name, *map(str, (health, metrics, types, seconds))]
    with (
        log.open("w") as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, cwd=paths.ROOT) as started,
    ):
        try:
            assert started.stdout
            assert started.stdout.readline() == b"ready\n", log.read_text()
            yield Process(started.pid, health, metrics, log, open_sockets(started.pid))
        finally:
            started.kill()


async def serve(health: str, metrics: str, types: str, seconds: str) -> None:
    bounded_port.SECONDS = float(seconds)
    instruments = Instruments()
    instruments.registry.register(Replicas(int(types)))
    checks = bounded_port.Port(server.health(f"http://127.0.0.1:{health}/healthz", str, str))
    scraped = bounded_port.Port({server.METRICS: server.exposition(instruments.registry)})
    await checks.listen("127.0.0.1", int(health))
    await scraped.listen("127.0.0.1", int(metrics))
    print("ready", flush=True)
    await Event().wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG)
    uvloop.run(serve(*sys.argv[1:]))
