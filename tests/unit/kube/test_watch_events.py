"""Of an event of a watch no more is parsed than somebody asks for, and what it says of itself is right."""

import json
from typing import Any

import pytest

from formation_operator.kube import errors, watch_events
from formation_operator.kube.objects import listings, nesting
from formation_operator.kube.watch_events import Event

HEAD = '{"type":"MODIFIED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"shop-web-5d-x2",'
REST = '"namespace":"a-team","uid":"5e-0f","resourceVersion":"9","labels":{"name":"b"}}}}'


def said(**metadata: Any) -> bytes:
    known = {"name": "shop", "namespace": "a-team", "uid": "5e-0f", "resourceVersion": "9", **metadata}
    return json.dumps({"type": "ADDED", "object": {"kind": "Formation", "metadata": known}}).encode()


def error(**status: Any) -> bytes:
    return json.dumps({"type": "ERROR", "object": {"kind": "Status", **status}}).encode()


@pytest.mark.parametrize("between", ["", '"generateName":"shop-web-5d-",'], ids=["by name", "generated"])
def test_whose_it_is_is_known_without_the_rest_of_the_line(between: str) -> None:
    event = Event((HEAD + between + REST).replace('"labels"', "cut off").encode())
    assert (event.type, event.key, event.version) == ("MODIFIED", ("a-team", "shop-web-5d-x2"), 9)
    with pytest.raises(errors.UnavailableError, match="no event"):
        _ = event.object


def test_what_is_no_news_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((listings, "parsed_event"), (nesting, "parsed")):
        monkeypatch.setattr(module, name, lambda _: pytest.fail("it was parsed"))
    assert Event((HEAD + REST).encode()).version == 9


def test_an_object_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    event = Event((HEAD + REST).encode())
    assert event.object["metadata"]["labels"] == {"name": "b"}
    monkeypatch.setattr(listings, "parsed_event", lambda _: pytest.fail("it was parsed again"))
    assert event.object["metadata"]["uid"] == "5e-0f"


def test_managed_fields_stay_text() -> None:
    event = Event(said(managedFields=[{"manager": "a", "fieldsV1": {"f:spec": {}}}]))
    (entry,) = event.object["metadata"]["managedFields"]
    assert entry["manager"] == "a"
    assert bytes(entry["fieldsV1"]) == b'{"f:spec": {}}'


def test_in_any_other_order_of_fields_the_same_is_found() -> None:
    event = Event(said(labels={"uid": '{"type":"DELETED"'}))
    assert (event.type, event.key, event.version, event.deleted) == ("ADDED", ("a-team", "shop"), 9, False)
    assert event.object["metadata"]["name"] == "shop"


def test_a_deletion_is_one() -> None:
    assert Event((HEAD + REST).replace("MODIFIED", "DELETED").encode()).deleted


def test_a_bookmark_has_a_version_and_no_name() -> None:
    event = Event(said(name="", namespace="").replace(b"ADDED", b"BOOKMARK"))
    assert (event.type, event.key, event.version) == (watch_events.BOOKMARK, ("", ""), 9)


def test_that_a_watch_is_too_old_is_an_error_of_its_own() -> None:
    with pytest.raises(errors.ExpiredError, match="too old resource version"):
        Event(error(code=410, message="too old resource version: 1 (9)"))


@pytest.mark.parametrize(
    "text",
    [
        error(code=500, message="etcd has no leader"),
        error(message="etcd has no leader"),
        error(code=504, message="etcd has no leader", reason="Expired"),
    ],
)
def test_any_other_error_is_in_the_servers_words(text: bytes) -> None:
    with pytest.raises(errors.UnavailableError, match="etcd has no leader"):
        Event(text)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b"<html>",
        b"\xff",
        b"[" * 100_000,
        b'{"type":"ADDED"}',
        b'{"type":"ADDED","object":null}',
        b'{"type":"ADDED","object":{"metadata":null}}',
        b'{"type":"ADDED","object":{"metadata":[]}}',
        said(resourceVersion="x"),
        said(resourceVersion=float("inf")),
        said(resourceVersion="9" * 21),
        said().replace(b"ADDED", b"NOVEL"),
        error(),
        (HEAD + REST).replace("MODIFIED", "ERROR").encode(),
    ],
    ids=repr,
)
def test_what_is_no_event_is_an_error(text: bytes) -> None:
    with pytest.raises(errors.UnavailableError):
        Event(text)


@pytest.mark.parametrize("levels", [201, 700, 1_500, 9_000])
def test_an_event_of_an_object_that_is_nested_deep_is_read(levels: int) -> None:
    deep = said(managedFields=[{"manager": "a", "fieldsV1": "DEEP"}]).decode()
    event = Event(deep.replace('"DEEP"', '{"f:a":' * levels + "1" + "}" * levels).encode())
    assert event.key == ("a-team", "shop")
    assert event.object["metadata"]["managedFields"][0]["manager"] == "a"
