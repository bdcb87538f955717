"""Read an answer that goes on, line by line as it comes."""

import json
from collections.abc import Iterator
from typing import Any

import urllib3

CHUNK = 65536
LONGEST = 65536
"""Bytes of a line of a log: what is longer is shown in parts, because a line may never end."""


def of(response: urllib3.BaseHTTPResponse) -> Iterator[str]:
    """Yield the lines of a log, the last one even if it isn't complete."""
    rest = b""
    for piece in pieces(response):
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line.decode(errors="replace") for line in whole)
        if len(rest) > LONGEST:
            yield rest.decode(errors="replace")
            rest = b""
    if rest:
        yield rest.decode(errors="replace")


def values(response: urllib3.BaseHTTPResponse) -> Iterator[Any]:
    """Yield what each line says as JSON; one that isn't complete says nothing."""
    rest = b""
    for piece in pieces(response):
        *whole, rest = (rest + piece).split(b"\n")
        yield from map(json.loads, whole)


def pieces(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Yield an answer as it comes; a connection that breaks ends it."""
    try:
        yield from response.stream(CHUNK)
    except (urllib3.exceptions.HTTPError, OSError):
        pass
    finally:
        response.close()
