"""The only module that talks to the API server: the port `port.Cluster`, over ``kubernetes.aio``.

Objects stay plain JSON: the client's generated classes cost some fifty times a ``json.loads``.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp

from formation_operator.api import naming
from formation_operator.kube import answers, errors
from formation_operator.kube.events import recorder
from formation_operator.kube.events.notices import Notice
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import NO_ONES, Cluster, Object
from formation_operator.kube.session import connection, gate, paging

logger = logging.getLogger(__name__)

VERSION_REFUSED = "resourceVersion should not be set on objects to be created"
"""How a storage that insists refuses to create an object under a version.

Source: ``k8s.io/apiserver/pkg/storage/errors.go``.
"""
LARGE = 2**18
"""Bytes of an answer that takes milliseconds to be parsed."""
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
APPLY = connection.APPLY


class Kube(Cluster):
    """A connection to one cluster."""

    def __init__(
        self, opened: connection.Connection, *, timeout: float, may_write: Callable[[], bool] = lambda: True
    ) -> None:
        """Take a connection, the longest time of a request in seconds, and what tells whether to write.

        ``may_write`` is asked when a request that isn't a read has its connection.
        """
        self._connection = opened
        self._timeout = timeout
        self._may_write = may_write
        self._recorder = recorder.Recorder()
        self._reading = asyncio.Lock()

    async def close(self) -> None:
        """Close the connections."""
        await self._connection.close()

    def pages(self, kind: str, namespace: str | None = None) -> AsyncIterator[tuple[list[Object], str]]:
        """Return all objects of a kind that concern us, some at a time, with the version of their list.

        The server makes the next page while who asked takes in one, and sends it when that is done.
        """
        return self._pages(kind, namespace, kinds.BY_NAME[kind].label_selector, watched=True)

    async def select(
        self, kind: str, namespace: str, *, labels: str = "", fields: str = ""
    ) -> AsyncIterator[list[Object]]:
        """Yield the objects of a namespace, or those of them that the selectors choose, some at a time."""
        async for items, _ in self._pages(kind, namespace, labels, fields):
            yield items

    async def _pages(
        self, kind: str, namespace: str | None, labels: str, fields: str = "", *, watched: bool = False
    ) -> AsyncIterator[tuple[list[Object], str]]:
        read = answers.parsed_page if watched else answers.parsed
        query = {"limit": str(paging.MOST), "labelSelector": labels, "fieldSelector": fields}
        tokens = {""}
        asked: asyncio.Task[Object] | None = None
        try:
            while True:
                page = await (asked or self._page(path(kind, namespace), query, read))
                asked = None
                items, version, token = answers.listed(page, kind, path(kind, namespace))
                if token in tokens and token:
                    raise errors.UnavailableError(f"{path(kind, namespace)}: this list has no end")
                tokens.add(token)
                query["continue"] = token
                if token and watched:
                    asked = asyncio.create_task(self._page(path(kind, namespace), query, read))
                    # Sent in one turn: who takes a page in lets nobody have one until that is done.
                    await asyncio.sleep(0)
                yield items, version
                del page
                items.clear()  # whoever took the page may still hold it while the next one is read
                if not token:
                    return
        finally:
            if asked is not None:
                asked.cancel()
                await asyncio.gather(asked, return_exceptions=True)
                asked = None  # it would hold us, and we hold it, and all that was listed

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """Return an object as it is now, or nothing."""
        try:
            answer = await self._request("GET", path(kind, namespace, name))
        except errors.NotFoundError as error:
            error.require(name)
            return None
        return answers.identified(answer, namespace, name, kind)

    async def create(self, manifest: Object, *, manager: str) -> Object:
        """Make an object by server-side apply and return it; `ConflictError` if one of its name is there."""
        metadata = {**manifest["metadata"], "resourceVersion": NO_ONES}
        try:
            return await self._apply({**manifest, "metadata": metadata}, manager, force=False)
        except errors.ClusterError as error:
            if VERSION_REFUSED not in str(error):
                raise
        if await self.get(manifest["kind"], metadata["namespace"], metadata["name"]) is not None:
            raise errors.ConflictError(f"{manifest['kind']} {metadata['name']} exists")
        return await self._apply(manifest, manager, force=False)

    async def apply(self, manifest: Object, *, manager: str) -> Object:
        """Write an object by server-side apply, over others' fields, and return it as it is then."""
        return await self._apply(manifest, manager, force=True)

    async def _apply(self, manifest: Object, manager: str, *, force: bool) -> Object:
        query = {"fieldManager": manager, "force": str(force).lower()}
        return await self._patch(path_of(manifest), manifest, query, manifest, APPLY)

    async def apply_status(self, manifest: Object) -> Object:
        """Write a Formation's status by server-side apply and return the Formation."""
        query = {"fieldManager": naming.FIELD_MANAGER, "force": "true"}
        return await self._patch(f"{path_of(manifest)}/status", manifest, query, manifest, APPLY)

    async def replace_status(self, manifest: Object) -> Object:
        """Write a Formation's whole status, whoever holds what, if it is at this very version."""
        query = {"fieldManager": naming.FIELD_MANAGER}
        version = manifest["metadata"]["resourceVersion"]
        operations = [
            {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
            {"op": "replace", "path": "/status", "value": manifest["status"]},
        ]
        return await self._patch(f"{path_of(manifest)}/status", manifest, query, operations, JSON_PATCH)

    async def patch(self, kind: str, namespace: str, name: str, operations: list[Object]) -> Object:
        """Change an object by JSON patch and return it."""
        query = {"fieldManager": naming.FIELD_MANAGER}
        named = {"kind": kind, "metadata": {"namespace": namespace, "name": name}}
        return await self._patch(path(kind, namespace, name), named, query, operations, JSON_PATCH)

    async def _patch(
        self, resource: str, named: Object, query: dict[str, str], body: Any, content_type: str
    ) -> Object:
        """Send a patch of what has a name, and return the object as it is then."""
        answer = await self._request("PATCH", resource, query, body, content_type)
        about = named["metadata"]
        return answers.identified(answer, about["namespace"], about["name"], named["kind"])

    async def delete(self, kind: str, namespace: str, name: str, uid: str, version: str) -> bool:
        """Delete an object, if it is this very one at this version; return whether there was one."""
        preconditions = {"uid": uid, "resourceVersion": version}
        body = {"preconditions": preconditions, "propagationPolicy": "Background"}
        try:
            answer = await self._request("DELETE", path(kind, namespace, name), None, body)
        except errors.NotFoundError as error:
            error.require(name)
            return False
        if answer.get("status") != "Success":  # else it is the object as it was
            answers.identified(answer, namespace, name, kind)
        return True

    async def schema(self, kind: str) -> Object:
        """Return the JSON schema of a kind as the cluster knows it now; anybody who is logged in may ask."""
        known = kinds.BY_NAME[kind]
        document = await self._request("GET", f"/openapi/v3{known.path}")
        identity = {"group": known.group, "version": known.version, "kind": kind}
        for each in lenient.mapping(document, "components", "schemas").values():
            if identity in lenient.items(lenient.mapping(each), "x-kubernetes-group-version-kind"):
                return dict(each)
        raise errors.UnavailableError(f"{kind} isn't in what the API server says of {known.api_version}")

    async def notify(self, formation: Object, notice: Notice) -> None:
        """Record an Event on a Formation; a failure is logged, never raised."""
        try:
            await self._record(formation, notice)
        except errors.ClusterError as error:
            logger.warning("An Event couldn't be recorded: %s (%s)", error, notice.note)

    async def _record(self, formation: Object, notice: Notice) -> None:
        namespace = formation["metadata"]["namespace"]
        name, body, repeated = self._recorder.record(formation, notice)
        if repeated:
            try:
                series = {"series": body["series"]}
                await self._request("PATCH", path(kinds.EVENT, namespace, name), None, series, MERGE_PATCH)
            except errors.NotFoundError:  # somebody has deleted it
                self._recorder.forget(formation, notice)
                _, body, _ = self._recorder.record(formation, notice)
            else:
                return
        await self._request("POST", path(kinds.EVENT, namespace), None, body)

    async def _request(
        self,
        method: str,
        resource: str,
        query: dict[str, str] | None = None,
        body: Any = None,
        content_type: str = connection.JSON,
    ) -> Object:
        """Send one request and return the answer, or raise the `ClusterError` that fits it.

        A write isn't sent by who may not write any more: then it raises `UnavailableError`.
        """
        text = await self._send(method, resource, query or {}, body, content_type)
        return await self._read(answers.parsed, text, f"{method} {resource}")

    async def _page(self, resource: str, query: dict[str, str], read: Callable[[bytes], Object]) -> Object:
        text = await self._send("GET", resource, query)
        return await self._read(read, text, f"GET {resource}")

    async def _send(
        self,
        method: str,
        resource: str,
        query: dict[str, str],
        body: Any = None,
        content_type: str = connection.JSON,
    ) -> bytes:
        chosen = {key: value for key, value in query.items() if value}
        try:
            async with asyncio.timeout(self._timeout):
                with gate.asked(self._may_write):
                    status, text = await self._connection.send(method, resource, chosen, body, content_type)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            why = lenient.shown(str(error)) or type(error).__name__
            raise errors.UnavailableError(f"{method} {resource}: {why}") from error
        if not 200 <= status < 300:
            raise answers.error_of(status, text)
        return text

    async def _read(self, parsed: Callable[[bytes], Object], text: bytes, request: str) -> Object:
        """Return what an answer says; of large ones only one is parsed until everybody has had a turn.

        Else each step of a tenant's pass would wait for a page of every list that others read meanwhile.
        """
        try:
            if len(text) < LARGE:
                return parsed(text)
            async with self._reading:
                await asyncio.sleep(0)
                return parsed(text)
        except ValueError as error:
            raise errors.UnavailableError(f"{request}: no JSON: {text[:200]!r}") from error


def path(kind: str, namespace: str | None, name: str | None = None) -> str:
    """Return the path of a collection of a kind, or of one object in it."""
    return kinds.BY_NAME[kind].place(namespace, name)


def path_of(manifest: Object) -> str:
    """Return the path of the object that a manifest describes."""
    return path(manifest["kind"], manifest["metadata"]["namespace"], manifest["metadata"]["name"])
