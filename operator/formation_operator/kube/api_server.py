"""The only module that talks to the API server: the port `port.Cluster`, over ``kubernetes.aio``.

Objects stay plain JSON: the client's generated classes cost some fifty times a ``json.loads``.
"""

import asyncio
import contextlib
import functools
import logging
import random
import reprlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pydantic_core

from formation_operator.api import naming
from formation_operator.kube import errors, notices, watch_events
from formation_operator.kube.notices import Notice
from formation_operator.kube.objects import kinds, lenient, listings, nesting
from formation_operator.kube.objects.kinds import Kind
from formation_operator.kube.port import NO_ONES, Cluster, Object
from formation_operator.kube.session import connection, paging, watch_lines

logger = logging.getLogger(__name__)

METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""Media type of a list of nothing but the metadata of objects."""
UNLIMITED = 0
"""How many connections watches may have: there is one for each kind and namespace."""
WATCH_SECONDS = 300
"""The API server ends a watch after so many seconds, or up to twice as many, as with clients in Go: so no
dead connection is kept, and not all watches end at the same moment."""
LARGE = 2**18
"""Bytes of an answer that takes milliseconds to be parsed."""
RECENT = 10.0
"""Seconds for which a schema that was read is recent."""
OURS = {"fieldManager": naming.FIELD_MANAGER}


class Kube(Cluster):
    """A connection to one cluster."""

    def __init__(self, opened: connection.Connection, *, timeout: float) -> None:
        """Take a connection, whose fence decides about writes, and how many seconds a request may take."""
        self._connection = opened
        self._watches = opened.another(connections=UNLIMITED)
        self._timeout = timeout
        self._recorder = notices.Recorder()
        self._parsing = asyncio.Lock()
        self._schemas: dict[str, Object] = {}
        """By kind: what was read in the last seconds."""

    async def close(self) -> None:
        """Close the connections."""
        await self._connection.close()
        await self._watches.close()

    def pages(self, kind: Kind, namespace: str | None = None) -> AsyncIterator[tuple[list[Object], str]]:
        """Return the objects of a kind that its selector chooses, with the version of their list.

        The server makes the next page while the caller takes in one, and sends it when that is done.
        """
        return self._pages(kind, namespace, {"labelSelector": kind.label_selector}, ahead=True)

    @contextlib.asynccontextmanager
    async def watch(
        self, kind: Kind, namespace: str | None, version: int
    ) -> AsyncIterator[AsyncIterator[Object]]:
        """Watch the objects of a kind that its selector chooses, from a version on."""
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": str(version),
            "timeoutSeconds": str(round(random.uniform(1, 2) * WATCH_SECONDS)),  # noqa: S311
            "labelSelector": kind.label_selector,
        }
        try:
            async with contextlib.AsyncExitStack() as stack:
                async with asyncio.timeout(self._timeout):
                    stream = self._watches.stream(kind.place(namespace), query)
                    answer = await stack.enter_async_context(stream)
                    if answer.status != 200:
                        raise errors.error_of(answer.status, await answer.read())
                batches = watch_lines.batches(answer.content)
                yield (await watch_events.read(line) async for batch in batches for line in batch)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unavailable(f"watch {kind.place(namespace)}", error) from error

    async def select(
        self, kind: str, namespace: str, *, labels: str = "", fields: str = ""
    ) -> AsyncIterator[list[Object]]:
        """Yield pages of the objects in a namespace, or of those that the selectors choose."""
        query = {"labelSelector": labels, "fieldSelector": fields}
        async for items, _ in self._pages(kinds.BY_NAME[kind], namespace, query):
            yield items

    async def _pages(
        self, kind: Kind, namespace: str | None, query: dict[str, str], *, ahead: bool = False
    ) -> AsyncIterator[tuple[list[Object], str]]:
        """Yield pages; with ``ahead`` the next one is requested before the caller takes one."""
        place, query = kind.place(namespace), {**query, "limit": str(paging.MOST)}
        accept = METADATA_LIST if kind.metadata_only else connection.JSON
        decode = listings.PAGE.decode if ahead else pydantic_core.from_json
        fetch = functools.partial(self._request, "list", place, query, accept=accept, decode=decode)
        following: asyncio.Task[Object] | None = None
        try:
            while True:
                page = await (following or fetch())
                following = None
                metadata = lenient.mapping(page, "metadata")
                if "items" not in page or "resourceVersion" not in metadata:
                    raise errors.UnavailableError(f"{place}: no list: {reprlib.repr(page)}")
                items = page["items"] or []  # of none it may be null
                query["continue"] = metadata.get("continue", "")
                if query["continue"] and ahead:
                    following = asyncio.create_task(fetch())
                    # It is sent in one turn of the loop, before the caller takes the page in.
                    await asyncio.sleep(0)
                yield items, metadata["resourceVersion"]
                del page
                items.clear()  # the caller may still hold the page while the next one is read
                if not query["continue"]:
                    return
        finally:
            if following is not None:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
                following = None  # its traceback would keep this frame, and so all that was listed

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """Return an object as it is now, or nothing if there is none."""
        try:
            return await self._request("get", path(kind, namespace, name))
        except errors.NotFoundError:
            return None

    async def create(self, manifest: Object, *, manager: str) -> Object:
        """Create an object by server-side apply and return it; raise `ConflictError` if its name is taken."""
        metadata = {**manifest["metadata"], "resourceVersion": NO_ONES}
        return await self._apply({**manifest, "metadata": metadata}, manager, force=False)

    async def apply(self, manifest: Object, *, manager: str) -> Object:
        """Write an object by server-side apply with force, and return it as it is then."""
        return await self._apply(manifest, manager, force=True)

    async def _apply(self, manifest: Object, manager: str, *, force: bool) -> Object:
        query = {"fieldManager": manager, "force": str(force).lower()}
        return await self._request("apply", path_of(manifest), query, manifest)

    async def replace_status(self, manifest: Object) -> Object:
        """Replace a Formation's whole status and return the Formation; `ConflictError` at another version."""
        version = manifest["metadata"]["resourceVersion"]
        operations = [
            {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
            {"op": "add", "path": "/status", "value": manifest["status"]},
        ]
        return await self._request("patch", f"{path_of(manifest)}/status", OURS, operations)

    async def patch(self, kind: str, namespace: str, name: str, operations: list[Object]) -> Object:
        """Change an object by JSON patch and return it."""
        return await self._request("patch", path(kind, namespace, name), OURS, operations)

    async def delete(  # noqa: PLR0913  # the first five say which object
        self, kind: str, namespace: str, name: str, uid: str, version: str, *, foreground: bool = False
    ) -> bool:
        """Delete an object that has a uid and a version; return whether there is one of its name."""
        preconditions = {"uid": uid, "resourceVersion": version}
        policy = "Foreground" if foreground else "Background"
        body = {"preconditions": preconditions, "propagationPolicy": policy}
        try:
            await self._request("delete", path(kind, namespace, name), {}, body)
        except errors.NotFoundError:
            return False
        return True

    async def schema(self, kind: str, *, recent: bool = False) -> Object:
        """Return the JSON schema of a kind as the cluster has it, or a ``recent`` one.

        Any authenticated client may read it. It is some 200 KB, too much to read for each new Formation.
        """
        if recent and kind in self._schemas:
            return self._schemas[kind]
        api = kinds.BY_NAME[kind]
        document = await self._request("get", f"/openapi/v3{api.path}")
        identity = {"group": api.group, "version": api.version, "kind": kind}
        for each in lenient.mapping(document, "components", "schemas").values():
            if identity in lenient.items(lenient.mapping(each), "x-kubernetes-group-version-kind"):
                self._schemas[kind] = dict(each)
                asyncio.get_running_loop().call_later(RECENT, self._schemas.pop, kind, None)
                return self._schemas[kind]
        raise errors.UnavailableError(f"{kind} isn't in what the API server says of {api.api_version}")

    async def notify(self, formation: Object, notice: Notice) -> None:
        """Record an Event on a Formation."""
        event = self._recorder.record(formation, notice)
        if "series" in event:
            operations = [{"op": "add", "path": "/series", "value": event["series"]}]
            try:
                await self._request("patch", path_of(event), {}, operations)
            except errors.NotFoundError:
                pass  # it was deleted
            else:
                return
        await self._request("create", path(kinds.EVENT, event["metadata"]["namespace"]), {}, event)

    async def _request(  # noqa: PLR0913  # a request has as many parts
        self,
        verb: str,
        resource: str,
        query: dict[str, str] | None = None,
        body: Any = None,
        *,
        accept: str = connection.JSON,
        decode: Callable[[bytes], Any] = pydantic_core.from_json,
    ) -> Object:
        """Send one request and return the answer, or raise the `ClusterError` that it stands for.

        A write that may not be sent, as another replica may lead, raises `UnavailableError`.
        """
        text = await self._send(verb, resource, query or {}, body, accept)
        try:
            if len(text) < LARGE:
                return dict(await nesting.read(text, decode))
            # One page at a time: otherwise a pass would wait for pages of all lists under way.
            async with self._parsing:
                await asyncio.sleep(0)
                return dict(await nesting.read(text, decode))
        except (TypeError, ValueError) as error:
            raise errors.UnavailableError(f"{verb} {resource}: no JSON: {text[:200]!r}") from error

    async def _send(self, verb: str, resource: str, *parts: Any) -> bytes:
        try:
            async with asyncio.timeout(self._timeout):
                status, text = await self._connection.send(verb, resource, *parts)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unavailable(f"{verb} {resource}", error) from error
        if not 200 <= status < 300:
            raise errors.error_of(status, text)
        return text


def _unavailable(request: str, error: Exception) -> errors.UnavailableError:
    """Return the error of a request that got no answer."""
    return errors.UnavailableError(f"{request}: {lenient.shown(str(error)) or type(error).__name__}")


def path(kind: str, namespace: str | None, name: str | None = None) -> str:
    """Return the path of a collection of a kind, or of one object in it."""
    return kinds.BY_NAME[kind].place(namespace, name)


def path_of(manifest: Object) -> str:
    """Return the path of the object that a manifest describes."""
    return path(manifest["kind"], manifest["metadata"]["namespace"], manifest["metadata"]["name"])
