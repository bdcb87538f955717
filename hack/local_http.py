"""HTTP on this machine: asked without a proxy, which wouldn't find the way, and a port to be asked at."""

import contextlib
import http.client
import random
import socket
import typing
import urllib.request

PORTS = range(20000, 30000)
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def opened(url: str, seconds: float) -> http.client.HTTPResponse:
    """Return the answer of a URL, to be closed; raise OSError if none comes in time or it is an error."""
    return typing.cast("http.client.HTTPResponse", OPENER.open(url, timeout=seconds))


def text_of(url: str, seconds: float) -> str:
    """Return the text that a URL answers; raise as `opened` does."""
    with opened(url, seconds) as answer:
        return answer.read().decode()


def free_port() -> int:
    """Return a port of this machine that nobody listens on.

    It is below those that Linux gives to connections, and Kubernetes to Services: no connection takes it
    before it is used.
    """
    while True:
        port = random.choice(PORTS)
        with contextlib.suppress(OSError), socket.socket() as listener:
            listener.bind(("", port))
            return port
