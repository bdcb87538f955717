"""How large a Formation may be: a pass may render all of it, and all tenants share one event loop.

etcd takes objects of 1.5 MB, and what the types share is rendered for each of up to 32.
"""

import json
from typing import Any

import pydantic_core

KIB = 1024
MOST_DECLARED = 256 * KIB
"""Bytes of a spec as compact JSON."""
MOST_RENDERED = 2048 * KIB
"""The same, where what all types share counts once for each."""

RENDERED = ("processes", "schedules")
"""The fields with what is rendered one by one."""

ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


class TooLargeError(ValueError):
    """This Formation isn't rendered; the text says how large it is, and the way out."""


def check(spec: dict[str, Any]) -> int:
    """Return the bytes of a spec as JSON; raise `TooLargeError` if it is too large to be rendered."""
    maps = [spec[field] for field in RENDERED if spec.get(field)]
    own = sum(map(size, maps))
    shared = size({field: value for field, value in spec.items() if field not in RENDERED})
    if own + shared > MOST_DECLARED:
        raise TooLargeError(f"spec has {_kib(own + shared)} as JSON, more than {_kib(MOST_DECLARED)}")
    types = sum(len(each) for each in maps if isinstance(each, dict))  # nothing is rendered of anything else
    if own + shared * types > MOST_RENDERED:
        raise TooLargeError(
            f"{_kib(shared)} that are shared by {types} process types are too much: "
            f"{_kib(MOST_RENDERED)} is the limit for all types together"
        )
    return own + shared


def size(value: Any) -> int:
    """Return the bytes of a value as compact JSON."""
    return len(encoded(value))


def encoded(value: Any) -> bytes:
    """Return a value as compact JSON."""
    try:
        return pydantic_core.to_json(value)
    except ValueError:  # it holds halves of letters, or 255 levels and more
        return ENCODER.encode(value).encode(errors="replace")


def _kib(number: int) -> str:
    return f"{-(-number // KIB)} KiB"
