"""The only module that talks to the API server: the port `port.Cluster`, over ``kubernetes.aio``.

What answers may be something on the way.  So nothing is handed on but what was asked for: an object of the
name, with a version, or a whole list of such.

Objects stay plain JSON: the client's generated classes cost some fifty times a ``json.loads``.
"""

import asyncio
import logging
import re
import reprlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp

from formation_operator.api import naming
from formation_operator.kube import errors
from formation_operator.kube.events import recorder
from formation_operator.kube.events.notices import Notice
from formation_operator.kube.objects import kinds, lenient, nesting
from formation_operator.kube.port import Cluster, Object
from formation_operator.kube.session import connection, gate, paging

logger = logging.getLogger(__name__)

FOR_NOW = re.compile(r"exceeded quota|status unknown for quota|because it is being terminated")
"""What is forbidden only until something else goes."""
UNTYPED = re.compile("failed to create typed (patch|live) object|field not declared in schema")
"""How server-side apply refuses what doesn't fit the schema, be it what is stored, under the status 500.

Source: ``k8s.io/apimachinery/pkg/util/managedfields/internal/structuredmerge.go``.
"""
NO_ONES = "1"
"""A resource version that no object has: an apply that carries it creates an object, or is a conflict."""
VERSION_REFUSED = "resourceVersion should not be set on objects to be created"
"""How a storage that insists refuses to create an object under a version.

Source: ``k8s.io/apiserver/pkg/storage/errors.go``.
"""
NO_SUCH_PATH = b"404 page not found"
"""What the API server says of a kind that isn't installed. A page of some proxy's is in other words.

Source: ``NotFound`` of Go's ``net/http``.
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
        labels = naming.FORMATION_LABEL if kinds.BY_NAME[kind].labelled else ""
        return self._pages(kind, namespace, labels, ahead=True)

    async def select(
        self, kind: str, namespace: str, *, labels: str = "", fields: str = ""
    ) -> AsyncIterator[list[Object]]:
        """Yield the objects of a namespace, or those of them that the selectors choose, some at a time."""
        async for items, _ in self._pages(kind, namespace, labels, fields):
            yield items

    async def _pages(
        self, kind: str, namespace: str | None, labels: str, fields: str = "", *, ahead: bool = False
    ) -> AsyncIterator[tuple[list[Object], str]]:
        query = {"limit": str(paging.MOST), "labelSelector": labels, "fieldSelector": fields}
        tokens = {""}
        asked: asyncio.Task[Object] | None = None
        try:
            while True:
                page = await (asked or self._request("GET", path(kind, namespace), query))
                asked = None
                items, version, token = listed(page, path(kind, namespace))
                if token in tokens and token:
                    raise errors.UnavailableError(f"{path(kind, namespace)}: this list has no end")
                tokens.add(token)
                query["continue"] = token
                if token and ahead:
                    asked = asyncio.create_task(self._request("GET", path(kind, namespace), query))
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
        return identified(answer, namespace, name)

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
        named = {"metadata": {"namespace": namespace, "name": name}}
        return await self._patch(path(kind, namespace, name), named, query, operations, JSON_PATCH)

    async def _patch(
        self, resource: str, named: Object, query: dict[str, str], body: Any, content_type: str
    ) -> Object:
        """Send a patch of what has a name, and return the object as it is then."""
        answer = await self._request("PATCH", resource, query, body, content_type)
        return identified(answer, named["metadata"]["namespace"], named["metadata"]["name"])

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
            identified(answer, namespace, name)
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
        chosen = {key: value for key, value in (query or {}).items() if value}
        try:
            async with asyncio.timeout(self._timeout):
                with gate.asked(self._may_write):
                    status, text = await self._connection.send(method, resource, chosen, body, content_type)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            why = lenient.shown(str(error)) or type(error).__name__
            raise errors.UnavailableError(f"{method} {resource}: {why}") from error
        if not 200 <= status < 300:
            raise error_of(status, text)
        try:
            return await self._read(text)
        except ValueError as error:
            raise errors.UnavailableError(f"{method} {resource}: no JSON: {text[:200]!r}") from error

    async def _read(self, text: bytes) -> Object:
        """Return what an answer says; of large ones only one is parsed until everybody has had a turn.

        Else each step of a tenant's pass would wait for a page of every list that others read meanwhile.
        """
        if len(text) < LARGE:
            return mapping(text)
        async with self._reading:
            await asyncio.sleep(0)
            return mapping(text)


def path(kind: str, namespace: str | None, name: str | None = None) -> str:
    """Return the path of a collection of a kind, or of one object in it."""
    return kinds.BY_NAME[kind].place(namespace, name)


def path_of(manifest: Object) -> str:
    """Return the path of the object that a manifest describes."""
    return path(manifest["kind"], manifest["metadata"]["namespace"], manifest["metadata"]["name"])


def mapping(text: bytes) -> Object:
    """Return the mapping that a text is; raise `ValueError` if it is anything else."""
    said = nesting.parsed(text)
    if not isinstance(said, dict):
        raise ValueError("no mapping")  # noqa: TRY004  # as of what is no JSON
    return said


def listed(page: Object, place: str) -> tuple[list[Object], str, str]:
    """Return the objects of a page, the version of its list and the token for what follows.

    Raises `UnavailableError`, with the place that was listed, unless it is a page of a list.
    """
    items, metadata = page.get("items"), lenient.mapping(page, "metadata")
    version, token = metadata.get("resourceVersion"), metadata.get("continue", "")
    if not isinstance(items, list) or not lenient.is_version(version) or not isinstance(token, str):
        raise errors.UnavailableError(f"{place}: no list: {reprlib.repr(page)}")
    for each in items:
        identified(each)
    return items, str(version), token


def identified(answer: Object, namespace: str | None = None, name: str | None = None) -> Object:
    """Return an object, of a name if one is given; raise `UnavailableError` if it isn't that."""
    metadata = lenient.mapping(answer, "metadata")
    known = [metadata.get(field) for field in ("namespace", "name", "uid")]
    if (
        not all(isinstance(each, str) and each for each in known)
        or not lenient.is_version(metadata.get("resourceVersion"))
        or namespace not in (None, known[0])
        or name not in (None, known[1])
    ):
        raise errors.UnavailableError(f"no {name or 'object'}: {reprlib.repr(answer)}")
    return answer


def error_of(status: int, text: bytes) -> errors.ClusterError:
    """Return the error for an HTTP status, with the server's own message."""
    try:
        said = dict(nesting.parsed(text))
    except (ValueError, TypeError):
        said = {}
    by_status: dict[int, type[errors.ClusterError]] = {
        400: errors.RefusedError,
        403: errors.ForbiddenError,
        409: errors.ConflictError,
        413: errors.RefusedError,
        422: errors.InvalidError,
    }
    # All that the patterns look for is in the beginning.
    message = lenient.shown(str(said.get("message") or f"HTTP {status}: {text[:200]!r}"), lenient.LONGEST)
    if status == 404 and (said.get("reason") == "NotFound" or text.strip() == NO_SUCH_PATH):
        return errors.NotFoundError(message, lenient.text(lenient.mapping(said, "details"), "name"))
    if status == 403 and FOR_NOW.search(message):
        status = 503
    elif status == 500 and UNTYPED.search(message):
        status = 422
    return by_status.get(status, errors.UnavailableError)(message)
