"""A real Redis as a Formation of its own, and what a test asks it."""

import socket
from typing import Any

from tests.live.client import Client, eventually
from tests.shared.builders import a_formation

IMAGE = "registry.example.com/celery:v1"
"""Of Celery's system, which has a Redis for its jobs."""
REDIS = ["redis-server", "--protected-mode", "no", "--save", "", "--dir", "/tmp"]


def started(user: Client) -> str:
    """Start a Redis, and return its address."""
    user.apply(a_formation("store", processes={"redis": {"command": REDIS, "port": 6379}}, image=IMAGE))
    return eventually(lambda: str(user.get("service", "store-redis")["spec"]["clusterIP"]))


def ask(address: str, *words: str) -> Any:
    """Return what Redis answers to a command."""
    with (
        socket.create_connection((address, 6379), timeout=10) as connection,
        connection.makefile("rb") as lines,
    ):
        parts = [word.encode() for word in words]
        sent = b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        connection.sendall(b"*%d\r\n%s" % (len(parts), sent))

        def answer() -> Any:
            line = lines.readline().strip()
            if line[:1] == b"*":
                return [answer() for _ in range(int(line[1:]))]
            if line[:1] == b"$":
                return lines.read(int(line[1:]) + 2)[:-2].decode() if line[1:] != b"-1" else None
            assert line[:1] in b"+:", line
            return line[1:].decode()

        return answer()


def answers(address: str) -> bool:
    """Tell whether a Redis is there already."""
    try:
        return str(ask(address, "PING")) == "PONG"
    except OSError:
        return False


def fill(address: str, name: str, length: int) -> None:
    """Make a list just so long."""
    there = int(ask(address, "LLEN", name))
    if length > there:
        ask(address, "RPUSH", name, *["job"] * (length - there))
    elif length:
        ask(address, "LTRIM", name, "0", str(length - 1))
    else:
        ask(address, "DEL", name)
