"""kopf gets nothing that would end it: what comes instead of a list or a watch is a lost connection."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from kubernetes.aio import client

from formation_operator.api import naming
from formation_operator.kube.objects import kinds
from formation_operator.kube.session import connection, kopf_session
from tests.unit.fakes.loopback import answering
from tests.unit.kube.session.clients import Answer, status, stream, watching

FORMATIONS = kinds.BY_NAME[naming.KIND]
LIST, WATCH = FORMATIONS.place(None), f"{FORMATIONS.place(None)}?watch=true&resourceVersion=5"
LEVELS = [201, 700, 1_500, 9_000]


class Session:
    """The session, and whatever its watches reached."""

    def __init__(self, url: str) -> None:
        self.server = connection.Connection(client.Configuration(host=url))
        self.reached: list[str | None] = []
        self.refused: list[str | None] = []
        self.client = kopf_session.session(self.server, self.reached.append, self.refused.append)
        self._url = url

    async def get(self, path: str) -> aiohttp.ClientResponse:
        """Ask as kopf does."""
        return await self.client.request(
            method="get", url=self._url + path, json=None, headers=None, timeout=aiohttp.ClientTimeout()
        )

    async def watch(self, path: str = WATCH) -> list[dict[str, Any]]:
        """Return the events of a watch as kopf's parser reads them."""
        buffer = b""
        async with await self.get(path) as answer:
            async for data in answer.content.iter_chunked(1024 * 1024):
                buffer += data
        return [json.loads(line.decode("utf-8")) for line in buffer.split(b"\n") if line.strip()]


@contextlib.asynccontextmanager
async def session(answer: Answer) -> AsyncIterator[Session]:
    async with answering(answer) as url:
        here = Session(url)
        yield here
        await here.client.close()
        await here.server.close()


async def listed_and_watched(listed: list[bytes], watched: list[bytes]) -> list[dict[str, Any]]:
    """Return the Formations of a list, and those of a watch."""
    async with session(page(*listed)) as here:
        found: list[dict[str, Any]] = (await (await here.get(f"{LIST}?limit=500")).json())["items"]
    async with session(stream(b"".join(map(event, watched)))) as here:
        return [*found, *(each["object"] for each in await here.watch())]


def page(*items: bytes) -> Answer:
    return stream(
        b'{"kind":"FormationList","metadata":{"resourceVersion":"9"},"items":[%s]}' % b",".join(items)
    )


def event(formation: bytes) -> bytes:
    return b'{"type":"MODIFIED","object":%s}\n' % formation


def formation(name: str, fields: bytes = b"{}") -> bytes:
    about = b'{"name":"%s","resourceVersion":"7","managedFields":[{"fieldsV1":%s}]}' % (name.encode(), fields)
    return (
        b'{"apiVersion":"formations.dev/v1","kind":"Formation","metadata":%s,"spec":{"a":"\xc3\xa4"}}' % about
    )


WITHOUT = {"apiVersion": "formations.dev/v1", "kind": "Formation"}
HOSTILE = {
    **{f"{levels} levels": b'{"f:a":' * levels + b"{}" + b"}" * levels for levels in LEVELS},
    **{f"{levels} lists": b"[" * levels + b"]" * levels for levels in LEVELS},
    "no text": b'{"f:\xff":{},"f:\xed\xa0\x80":{}}',
    "no text, and deep": b'{"f:\xff":' * 9_000 + b"{}" + b"}" * 9_000,
}


@pytest.mark.parametrize("fields", HOSTILE.values(), ids=HOSTILE)
async def test_an_object_is_listed_and_watched_alike_without_managed_fields_whatever_they_are(
    fields: bytes,
) -> None:
    two = [formation("a"), formation("b", fields)]
    objects = await listed_and_watched([*two, formation("c")], two)
    assert [each["metadata"].pop("name") for each in objects] == ["a", "b", "c", "a", "b"]
    assert objects == [{**WITHOUT, "metadata": {"resourceVersion": "7"}, "spec": {"a": "ä"}}] * 5


async def test_who_has_changed_a_formation_is_listed_and_watched() -> None:
    fields = b'{"f:spec":{"f:image":{}}}'
    entry = b'{"manager":"ci","operation":"Update","time":"2026-01-01T00:00:00Z","fieldsV1":%s}' % fields
    changed = formation("a").replace(b'{"fieldsV1":{}}', entry)
    objects = await listed_and_watched([changed], [changed])
    author = {"at": "2026-01-01T00:00:00Z", "by": "ci"}
    assert [each["metadata"].get("author") for each in objects] == [author] * 2


@pytest.mark.parametrize("levels", LEVELS)
async def test_a_spec_that_is_nested_deep_has_null_where_it_is_too_deep(levels: int) -> None:
    deep = formation("a").replace('"ä"'.encode(), b'{"a":' * levels + b"1" + b"}" * levels)
    for each in await listed_and_watched([deep], [deep]):
        assert each["metadata"]["name"] == "a"
        assert each["spec"]["a"]["a"]["a"]
        assert json.dumps(each)


@pytest.mark.parametrize("path", [LIST, WATCH], ids=["list", "watch"])
@pytest.mark.parametrize("number", [301, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503, 504])
async def test_whatever_is_wrong_with_an_answer_it_is_as_a_lost_connection(number: int, path: str) -> None:
    async with session(status(number, Location="/elsewhere")) as here:
        with pytest.raises(aiohttp.ClientError, match=f"formations: HTTP {number}") as raised:
            await here.get(path)
    is_tried_again = isinstance(raised.value, aiohttp.ClientConnectionError)
    assert is_tried_again == (number != 410 or path == WATCH)


async def test_whenever_a_watch_says_anything_its_namespace_is_reached() -> None:
    bookmark = b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}\n'
    async with session(stream(bookmark)) as here:
        await here.watch()
        await here.watch(f"{FORMATIONS.place('left')}?watch=true")
        assert here.reached == [None, "left"]
    async with session(page(formation("a"))) as here:
        await (await here.get(LIST)).json()
        assert here.reached == []


@pytest.mark.parametrize("method", ["post", "patch", "delete"])
async def test_nothing_is_written_through_it(method: str) -> None:
    async with session(status(200)) as here:
        with pytest.raises(connection.NotSentError):
            await here.client.request(method, f"{here.server.url}{LIST}")


async def refuse_to_connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer as a proxy whose other side is away."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()
    writer.close()


async def test_a_proxy_that_cannot_connect_is_a_lost_connection() -> None:
    async with await asyncio.start_server(refuse_to_connect, "127.0.0.1") as proxy:
        host, port = proxy.sockets[0].getsockname()
        configuration = client.Configuration(host="https://127.0.0.1:1")
        configuration.proxy = f"http://{host}:{port}"
        server = connection.Connection(configuration)
        async with watching(server) as session:
            with pytest.raises(aiohttp.ClientConnectionError):
                await session.request("get", f"https://127.0.0.1:1{WATCH}")
        await server.close()


async def test_a_namespace_that_forbids_a_list_or_a_watch_is_reported() -> None:
    async with session(status(403)) as here:
        for path in (f"{FORMATIONS.place('a')}?limit=500", f"{FORMATIONS.place('b')}?watch=true", WATCH):
            with pytest.raises(aiohttp.ClientConnectionError):
                await here.get(path)
        assert here.refused == ["a", "b", None]
