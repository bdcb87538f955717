"""No object is nested so deep that it, and all that is read with it, can't be read."""

import itertools
import json
from collections.abc import Coroutine
from typing import Any

import pydantic_core
import pytest

from formation_operator.kube.objects import nesting

DEEP = 10_000
"""Levels: as many as the API server reads."""


NO_TEXT = b'{"items": [{"f:\xff": {}}, {"f:\xed\xa0\x80": {}}, {"name": "shop"}]}'


def nested(levels: int, opened: str = '{"f:a":', closed: str = "}") -> str:
    return opened * levels + "1" + closed * levels


@pytest.mark.parametrize(("opened", "closed"), [('{"f:a":', "}"), ("[", "]")])
def test_what_is_too_deep_is_cut_and_all_beside_it_is_read(opened: str, closed: str) -> None:
    deep = nested(DEEP, opened, closed)
    text = f'{{"before": "}}]\\"{{", "deep": {deep}, "items": [{deep}, {{"name": "shop"}}], "after": [1]}}'
    read = nesting.parsed(text.encode(), pydantic_core.from_json)
    assert (read["before"], read["items"][1], read["after"]) == ('}]"{', {"name": "shop"}, [1])
    assert json.dumps(read)


def test_what_is_not_too_deep_is_read_whole() -> None:
    text = nested(nesting.DEEPEST)
    assert nesting.parsed(text.encode(), pydantic_core.from_json) == json.loads(text)


@pytest.mark.parametrize("text", ["", "{", nested(DEEP)[:-1], nested(DEEP) + "]"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        nesting.parsed(text.encode(), pydantic_core.from_json)


def test_bytes_that_are_no_text_keep_nothing_else_from_being_read() -> None:
    """The API server takes them in managed fields, and gives them back as they are."""
    read = nesting.parsed(NO_TEXT, pydantic_core.from_json)
    assert read["items"] == [{"f:\ufffd": {}}, {"f:\ufffd\ufffd\ufffd": {}}, {"name": "shop"}]


def steps(reading: Coroutine[Any, Any, object]) -> int:
    """Return how many steps something takes."""
    for number in itertools.count(1):
        try:
            reading.send(None)
        except StopIteration:
            return number
    raise AssertionError


def test_what_is_too_deep_is_cut_in_steps() -> None:
    text = b"[" + nested(DEEP).encode() + b',{"name":"shop"}]'
    assert steps(nesting.read(text, pydantic_core.from_json)) > DEEP / nesting.LEVELS_IN_A_STEP
