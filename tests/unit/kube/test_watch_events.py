"""What an event of a watch says, and which lines are none."""

import json
from typing import Any

import pytest

from formation_operator.kube import errors, watch_events
from formation_operator.kube.watch_events import read

HEAD = '{"type":"MODIFIED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"shop-web-5d-x2",'
REST = '"namespace":"a-team","uid":"5e-0f","resourceVersion":"9","labels":{"name":"b"}}}}'


def said(**metadata: Any) -> bytes:
    known = {"name": "shop", "namespace": "a-team", "uid": "5e-0f", "resourceVersion": "9", **metadata}
    return json.dumps({"type": "ADDED", "object": {"kind": "Formation", "metadata": known}}).encode()


def error(**status: Any) -> bytes:
    return json.dumps({"type": "ERROR", "object": {"kind": "Status", **status}}).encode()


EVENTS = {
    "fields in any other order": (said(labels={"uid": '{"type":"DELETED"'}), ("ADDED", "shop", 9)),
    "a deletion": ((HEAD + REST).replace("MODIFIED", "DELETED").encode(), ("DELETED", "shop-web-5d-x2", 9)),
    "a bookmark": (
        said(name="", namespace="").replace(b"ADDED", b"BOOKMARK"),
        (watch_events.BOOKMARK, "", 9),
    ),
}


@pytest.mark.parametrize(("text", "event"), EVENTS.values(), ids=EVENTS)
async def test_an_event_says_what_happened_to_which_object(text: bytes, event: tuple[Any, ...]) -> None:
    read_ = await read(text)
    metadata = read_["object"]["metadata"]
    assert (read_["type"], metadata["name"], int(metadata["resourceVersion"])) == event


async def test_that_a_watch_is_too_old_is_an_error_of_its_own() -> None:
    with pytest.raises(errors.ExpiredError, match="too old resource version"):
        await read(error(code=410, message="too old resource version: 1 (9)"))


@pytest.mark.parametrize(
    "text",
    [
        error(code=500, message="etcd has no leader"),
        error(message="etcd has no leader"),
        error(code=504, message="etcd has no leader", reason="Expired"),
    ],
)
async def test_any_other_error_is_in_the_servers_words(text: bytes) -> None:
    with pytest.raises(errors.UnavailableError, match="etcd has no leader"):
        await read(text)


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
async def test_what_is_no_event_is_an_error(text: bytes) -> None:
    with pytest.raises(errors.UnavailableError):
        await read(text)
