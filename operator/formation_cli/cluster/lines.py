"""Read what the API server answers: JSON, and what goes on, line by line as it comes."""

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

import urllib3

from formation_operator.kube.objects import nesting

CHUNK = 65536
BROKEN = (urllib3.exceptions.HTTPError, OSError)
"""What a connection that breaks in an answer raises."""
LONGEST = 65536
"""Bytes of a line of a log: what is longer is shown in parts, because a line may never end."""
TEXT = re.compile(nesting.STRING, re.DOTALL)
NO_BRACKETS = bytes({*range(256)} - {*b"[]{}"})


def parsed(text: bytes) -> Any:
    """Return the value of JSON, with null for what is nested too deep; raise `ValueError` if it is none."""
    return nesting.parsed(text, _shallow)


def _shallow(text: bytes) -> Any:
    """Return the value of JSON; raise `ValueError` if it is nested too deep for what reads on.

    pydantic's parser would find that, but takes longer to import than most answers take to be read.
    """
    levels = TEXT.sub(b"", text).translate(None, NO_BRACKETS)
    for _ in range(nesting.DEEPEST):
        levels = levels.replace(b"{}", b"").replace(b"[]", b"")
    if levels:
        raise ValueError("nested too deep")
    return json.loads(text)


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
            yield from map(parsed, whole)


def _pieces(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from response.stream(CHUNK)
    finally:
        response.close()
