"""HTTP on this machine: asked without a proxy, which wouldn't find the way, and a port to be asked at."""

import http.client
import socket
import typing
import urllib.request

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def opened(url: str, seconds: float) -> http.client.HTTPResponse:
    """Return the answer of a URL, to be closed; raise OSError if none comes in time or it is an error."""
    return typing.cast("http.client.HTTPResponse", OPENER.open(url, timeout=seconds))


def text_of(url: str, seconds: float) -> str:
    """Return the text that a URL answers; raise as `opened` does."""
    with opened(url, seconds) as answer:
        return answer.read().decode()


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
