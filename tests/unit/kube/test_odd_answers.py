"""Whatever answers in the API server's place is no object, no list and no success."""

import asyncio
import contextlib
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from kubernetes.aio import client

from formation_operator.api import naming
from formation_operator.kube import api_server, errors
from formation_operator.kube.events.notices import Notice
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Cluster, Object
from formation_operator.kube.session import connection
from tests.unit.kube.calls import FORMATION, PLACE, WRITES


async def listed(cluster: Cluster) -> list[str]:
    return [version async for _, version in cluster.pages(kinds.BY_NAME[naming.KIND])]


ASKED: dict[str, Callable[[Cluster], Awaitable[object]]] = {
    "pages": listed,
    "get": lambda cluster: cluster.get(*PLACE),
    **{verb: write for verb, write in WRITES.items() if verb != "notify"},  # which raises nothing
    "schema": lambda cluster: cluster.schema(naming.KIND),
}


def of_another(**metadata: object) -> Object:
    return {**FORMATION, "metadata": {**FORMATION["metadata"], **metadata}}


def a_list(items: object, **metadata: object) -> Object:
    return {"kind": "FormationList", "metadata": {"resourceVersion": "1", **metadata}, "items": items}


SAID: dict[str, Any] = {
    "nothing": None,
    "a number": 7,
    "pairs": [["items", []]],
    "an empty object": {},
    "a failure": {"kind": "Status", "status": "Failure", "code": 500},
    "no metadata": {**FORMATION, "metadata": None},
    "metadata that is a list": {**FORMATION, "metadata": []},
    "another name": of_another(name="blog"),
    "another namespace": of_another(namespace="theirs"),
    "another kind of the same name": {**FORMATION, "kind": "Service"},
    "no uid": of_another(uid=None),
    "no version": of_another(resourceVersion=None),
    "a version that is no number": of_another(resourceVersion="0x7"),
    "a version that is endless": of_another(resourceVersion=float("inf")),
    "a version of too many digits": of_another(resourceVersion="9" * 5000),
    "a list of another kind": {**a_list([]), "kind": "PodList"},
    "a list without items": a_list(None),
    "a list whose items are no list": a_list({"a": FORMATION}),
    "a list of no objects": a_list([None, 7, "shop"]),
    "a list of an object without metadata": a_list([FORMATION, {"spec": {}}]),
    "a list of an object without a version": a_list([of_another(resourceVersion="")]),
    "a list without a version": a_list([], resourceVersion=None),
    "a list of an odd version": a_list([], resourceVersion="latest"),
    "a list with an odd token": a_list([], **{"continue": ["more"]}),
    "a list without an end": a_list([FORMATION], **{"continue": "more"}),
    "schemas that are none": {"components": {"schemas": {"a": None, "b": {}}}},
}


class Saying(connection.Connection):
    """Answers all with one text."""

    def __init__(self, text: bytes, status: int = 200) -> None:
        super().__init__(client.Configuration())
        self._answer = status, text
        self.sent = 0

    async def send(self, *_: object) -> tuple[int, bytes]:
        self.sent += 1
        return self._answer


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
async def test_what_was_not_asked_for_is_no_answer(
    said: object, asked: Callable[[Cluster], Awaitable[object]]
) -> None:
    opened = Saying(json.dumps(said).encode())
    cluster = api_server.Kube(opened, timeout=1)
    with pytest.raises(errors.UnavailableError) as raised:
        await asked(cluster)
    assert len(str(raised.value)) < 500
    assert opened.sent <= 2
    await cluster.close()


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
async def test_whatever_is_said_to_an_event_raises_nothing(said: object) -> None:
    cluster = api_server.Kube(Saying(json.dumps(said).encode()), timeout=1)
    for _ in range(2):
        await cluster.notify(FORMATION, Notice("Scaled", "Scale", "to 3"))
    await cluster.close()


@pytest.mark.parametrize("status", [101, 300, 304, 399, 408, 421, 425, 431, 502, 504, 520, 999])
@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
async def test_any_other_status_is_a_server_that_cannot_answer_now(
    status: int, asked: Callable[[Cluster], Awaitable[object]]
) -> None:
    cluster = api_server.Kube(Saying(json.dumps(FORMATION).encode(), status), timeout=1)
    with pytest.raises(errors.UnavailableError):
        await asked(cluster)
    await cluster.close()


async def test_a_list_whose_token_stays_the_same_ends() -> None:
    class Circling(api_server.Kube):
        """Gives the same token with each page."""

        async def _send(self, *_: Any, **__: Any) -> bytes:
            return json.dumps(a_list([], **{"continue": "a"})).encode()

    cluster = Circling(connection.Connection(client.Configuration()), timeout=1)
    with pytest.raises(errors.UnavailableError, match="no end"):
        await listed(cluster)
    await cluster.close()


# What comes over the wire


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


JSON = json.dumps(FORMATION).encode()
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WIRE: dict[str, bytes] = {
    "a page": answer(b"<html>wait a moment</html>", "Content-Type: text/html"),
    "an empty body": answer(b""),
    "gzip that is none": answer(JSON, "Content-Encoding: gzip"),
    "gzip that is cut": answer(gzip.compress(JSON)[:-20], "Content-Encoding: gzip"),
    "a body that is cut": answer(JSON, length=2 * len(JSON)),
    "a body that is longer than it says": answer(JSON, length=len(JSON) // 2),
    "a length that is negative": answer(JSON, length=-1),
    "two lengths": answer(JSON, "Content-Length: 1"),
    "chunks that are cut": CHUNKED + b"ff\r\n{",
    "chunks that are none": CHUNKED + b"zz\r\n{}",
    "no HTTP": b"\x00\x16\x03\xff\r\n\r\n",
    "HTTP of another time": answer(JSON).replace(b"HTTP/1.1", b"HTTP/9.9"),
    "a status that is none": answer(JSON, status="ok"),
    "too many headers": answer(JSON, *(f"X-{number}: a" for number in range(1000))),
    "a header that is too long": answer(JSON, "X: " + "a" * 100_000),
    "an early hint, and nothing after it": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "UTF-16": answer(json.dumps(FORMATION).encode("utf-16")),
    "JSON twice": answer(JSON + JSON),
}
WELL: dict[str, bytes] = {
    "another type": answer(JSON, "Content-Type: text/html; charset=zork"),
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\n" + JSON,
    "a connection that is closed each time": answer(JSON, "Connection: close"),
    "an interim answer": b"HTTP/1.1 100 Continue\r\n\r\n" + answer(JSON),
    "cookies that are none": answer(JSON, "Set-Cookie: \x7f=;;", "Set-Cookie: a; Max-Age=x"),
}


@contextlib.asynccontextmanager
async def wired(said: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve who sends some bytes to each request and hangs up; give its address, and what was asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(said)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
            writer.write_eof()
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()


# aiohttp leaves it to Python to let go of a connection whose headers it can't read, which happens at once.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("said", WIRE.values(), ids=WIRE)
async def test_whatever_comes_over_the_wire_is_an_error_at_once_and_no_patch_is_sent_twice(
    said: bytes,
) -> None:
    async with wired(said) as (url, asked):
        cluster = api_server.Kube(connection.Connection(client.Configuration(host=url)), timeout=5)
        (patched,) = await asyncio.gather(cluster.patch(*PLACE, []), return_exceptions=True)
        patches = len(asked)
        read = await asyncio.gather(cluster.get(*PLACE), listed(cluster), return_exceptions=True)
        await cluster.close()
    assert [type(each) for each in (patched, *read)] == 3 * [errors.UnavailableError]
    assert all("\n" not in str(each) for each in (patched, *read)), "the log has lines"
    assert patches == 1


@pytest.mark.parametrize("said", WELL.values(), ids=WELL)
async def test_an_answer_that_comes_in_an_odd_way_is_one(said: bytes) -> None:
    async with wired(said) as (url, _):
        cluster = api_server.Kube(connection.Connection(client.Configuration(host=url)), timeout=5)
        for _ in range(2):
            assert await cluster.get(*PLACE) == FORMATION
        await cluster.close()
