"""Of a line of a watch no more is parsed than is asked for, and what it says of itself is right."""

import json
from typing import Any

import pytest

from formation_operator.kube.watches.lines import Line

HEAD = '{"type":"MODIFIED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"shop-web-5d-x2",'
REST = '"namespace":"a-team","uid":"5e-0f","resourceVersion":"9","labels":{"name":"b"}}}}'


def said(**metadata: Any) -> bytes:
    known = {"name": "shop", "namespace": "a-team", "uid": "5e-0f", "resourceVersion": "9", **metadata}
    return json.dumps({"type": "ADDED", "object": {"kind": "Formation", "metadata": known}}).encode()


@pytest.mark.parametrize("between", ["", '"generateName":"shop-web-5d-",'], ids=["by name", "generated"])
def test_whose_it_is_is_known_without_the_rest_of_the_line(between: str) -> None:
    line = Line((HEAD + between + REST).replace('"labels"', "cut off").encode())
    assert (line.type, line.key, line.version) == ("MODIFIED", ("a-team", "shop-web-5d-x2"), 9)
    with pytest.raises(ValueError, match="property name"):
        _ = line.raw


def test_in_any_other_order_of_fields_the_same_is_found() -> None:
    line = Line(said(labels={"uid": '{"type":"DELETED"'}))
    assert (line.type, line.key, line.version, line.deleted) == ("ADDED", ("a-team", "shop"), 9, False)
    assert line.raw["metadata"]["name"] == "shop"


def test_a_bookmark_has_no_name() -> None:
    line = Line(said(name="", namespace="").replace(b"ADDED", b"BOOKMARK"))
    assert (line.type, line.key, line.version) == ("BOOKMARK", ("", ""), 9)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b'{"type":"ADDED"}',
        b'{"type":"ADDED","object":null}',
        b'{"type":"ADDED","object":{"metadata":null}}',
        b'{"type":"ADDED","object":{"metadata":[]}}',
        said(resourceVersion="x"),
        said(resourceVersion=float("inf")),
        said(resourceVersion="9" * 21),
        said(name={}),
        said().replace(b"ADDED", b"ERROR"),
        (HEAD + REST).replace("MODIFIED", "ERROR").encode(),
    ],
)
def test_what_is_no_event_is_an_error(text: bytes) -> None:
    with pytest.raises((ValueError, LookupError, TypeError)):
        Line(text)
