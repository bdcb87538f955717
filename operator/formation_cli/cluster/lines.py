"""Read an answer that goes on, line by line as it comes."""

from collections.abc import Iterator

import urllib3

CHUNK = 65536
LONGEST = 65536
"""Bytes of a line of a log: what is longer is shown in parts, because a line may never end."""


def of(response: urllib3.BaseHTTPResponse, *, longest: int | None) -> Iterator[str]:
    """Yield the lines of an answer; a connection that ends in between ends it, too."""
    rest = b""
    for piece in pieces(response):
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line.decode(errors="replace") for line in whole)
        if longest is not None and len(rest) > longest:
            yield rest.decode(errors="replace")
            rest = b""
    if rest:
        yield rest.decode(errors="replace")


def pieces(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Yield an answer as it comes."""
    try:
        yield from response.stream(CHUNK)
    except (urllib3.exceptions.HTTPError, OSError):
        pass
    finally:
        response.close()
