"""No object is nested so deep that it, and all that is read with it, can't be read."""

import json

import pytest

from formation_operator.kube.objects import nesting
from formation_operator.kube.watch_events import Event
from tests.unit import cost

DEEP = 10_000
"""Levels: as many as the API server reads."""


def nested(levels: int, opened: str = '{"f:a":', closed: str = "}") -> str:
    return opened * levels + "1" + closed * levels


@pytest.mark.parametrize(("opened", "closed"), [('{"f:a":', "}"), ("[", "]")])
def test_what_is_too_deep_is_cut_and_all_beside_it_is_read(opened: str, closed: str) -> None:
    deep = nested(DEEP, opened, closed)
    text = f'{{"before": "}}]\\"{{", "deep": {deep}, "items": [{deep}, {{"name": "shop"}}], "after": [1]}}'
    read = nesting.parsed(text.encode())
    assert (read["before"], read["items"][1], read["after"]) == ('}]"{', {"name": "shop"}, [1])
    assert json.dumps(read)


def test_what_is_not_too_deep_is_read_whole() -> None:
    text = nested(nesting.DEEPEST)
    assert nesting.parsed(text.encode()) == json.loads(text)


@pytest.mark.parametrize("text", ["", "{", nested(DEEP)[:-1], nested(DEEP) + "]"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        nesting.parsed(text.encode())


def test_bytes_that_are_no_text_keep_nothing_else_from_being_read() -> None:
    """The API server takes them in managed fields, and gives them back as they are."""
    read = nesting.parsed(b'{"items": [{"f:\xff": {}}, {"f:\xed\xa0\x80": {}}, {"name": "shop"}]}')
    assert read["items"] == [{"f:\ufffd": {}}, {"f:\ufffd\ufffd\ufffd": {}}, {"name": "shop"}]


def test_bytes_that_are_no_text_take_hardly_longer_to_be_read_than_what_is() -> None:
    others = ",".join(f'"f:{index}":{{}}' for index in range(20_000)).encode()
    text, no_text = (b'{"%s":{},%s}' % (name, others) for name in (b"f:?", b"f:\xff"))
    assert cost.seconds(nesting.parsed, no_text) < 3 * cost.seconds(nesting.parsed, text)


def test_what_is_no_text_and_too_deep_as_well_is_cut() -> None:
    read = nesting.parsed(b'[{"f:\xff":' + nested(DEEP).encode() + b'}, {"name": "shop"}]')
    assert read[1] == {"name": "shop"}
    assert json.dumps(read)


def test_an_event_of_such_an_object_is_read() -> None:
    deep = json.dumps({"name": "shop", "resourceVersion": "9", "managedFields": [{"fieldsV1": "DEEP"}]})
    metadata = deep.replace('"DEEP"', nested(DEEP))
    event = Event(f'{{"type": "ADDED", "object": {{"kind": "Formation", "metadata": {metadata}}}}}'.encode())
    assert event.object["metadata"]["name"] == "shop"


@pytest.mark.parametrize("deep", [nested(levels) for levels in (201, 700, 1_500, 9_000)], ids=len)
@pytest.mark.parametrize("text", [b"a", b"\xff", "ä".encode()])
def test_a_text_is_made_readable_for_every_parser(deep: str, text: bytes) -> None:
    whole = b'{"name":"shop","text":"%s","managedFields":%s}' % (text, deep.encode())
    read = json.loads(nesting.readable(whole))
    assert read["name"] == "shop"
    assert json.dumps(read)


@pytest.mark.parametrize("text", [b'{"a":[1]}', '{"a":"ä"}'.encode(), nested(nesting.DEEPEST).encode()])
def test_a_text_that_every_parser_can_read_stays_as_it_is(text: bytes) -> None:
    assert nesting.readable(text) is text


@pytest.mark.parametrize("text", [b"\xff", b"[" * DEEP])
def test_what_is_no_json_is_not_made_readable(text: bytes) -> None:
    with pytest.raises(ValueError, match="line 1"):
        nesting.readable(text)
