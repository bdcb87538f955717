"""Read an answer that goes on, line by line as it comes."""

import contextlib
from collections.abc import Iterator
from typing import Any

import urllib3

from formation_operator.kube.objects import nesting

CHUNK = 65536
BROKEN = (urllib3.exceptions.HTTPError, OSError)
"""What a connection that breaks in an answer raises."""
LONGEST = 65536
"""Bytes of a line of a log: what is longer is shown in parts, because a line may never end."""


def of(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Yield the lines of a log with their ends, the last one even if it has none."""
    rest = b""
    for piece in _pieces(response):
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line + b"\n" for line in whole)
        if len(rest) > LONGEST:
            yield rest
            rest = b""
    if rest:
        yield rest


def values(response: urllib3.BaseHTTPResponse) -> Iterator[Any]:
    """Yield what each line says as JSON; a connection that breaks ends it, in the midst of one or not."""
    rest = b""
    with contextlib.suppress(*BROKEN):
        for piece in _pieces(response):
            *whole, rest = (rest + piece).split(b"\n")
            yield from map(nesting.parsed, whole)


def _pieces(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from response.stream(CHUNK)
    finally:
        response.close()
