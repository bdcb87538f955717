"""The API server, asked within this process: kubectl costs a tenth of a second of a core, this a thousandth.

Kinds are known by every name that kubectl takes: ``deployment``, ``deployments``, ``deploy``, ``Deployment``,
``events.events.k8s.io``.
"""

import contextlib
import functools
import json
import pathlib
import threading
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any, NamedTuple

import urllib3
from kubernetes import client, config

from hack.cluster.cluster import Cluster

Object = dict[str, Any]
JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
TIMEOUT = urllib3.Timeout(connect=10, read=60)
STALE = 2.0
"""Seconds after which a kind that wasn't served is looked for again."""


class Kind(NamedTuple):
    """Where the API server serves a kind."""

    group: str
    path: str
    plural: str
    namespaced: bool
    subresources: tuple[str, ...] = ()


class ServerError(AssertionError):
    """The API server refused a request, in its own words: the test has failed unless it waits for this."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Server:
    """A connection to an API server, with the rights of a kubeconfig."""

    def __init__(self, kubeconfig: pathlib.Path) -> None:
        """Log in; several threads may ask at once."""
        settings: Any = client.Configuration()
        config.load_kube_config(str(kubeconfig), client_configuration=settings)
        settings.proxy = None  # what a proxy is for isn't on this machine
        self._api = client.ApiClient(settings)
        self._headers = {
            item["key"]: item["value"] for item in settings.auth_settings().values() if item["in"] == "header"
        }
        self._kinds: dict[str, Kind] = {}
        self._discovered = -STALE

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> bytes:
        """Return the answer to a request; raises `ServerError` with the server's own message."""
        response = self._send(method, path, body, headers)
        if response.status >= 400:
            raise ServerError(response.status, message_of(response.data))
        return response.data

    def _send(
        self, method: str, path: str, body: Any, headers: dict[str, str] | None, *, stream: bool = False
    ) -> urllib3.BaseHTTPResponse:
        try:
            response: urllib3.BaseHTTPResponse = self._api.rest_client.pool_manager.request(
                method,
                f"{self._api.configuration.host}{path}",
                body=body if body is None or isinstance(body, bytes) else json.dumps(body),
                headers={**self._headers, "Accept": JSON, "Content-Type": JSON, **(headers or {})},
                timeout=None if stream else TIMEOUT,
                preload_content=not stream,
            )
        except urllib3.exceptions.HTTPError as error:
            raise ServerError(0, str(error)) from error
        return response

    def ask(self, path: str, **query: str) -> Object:
        """Return what is at a path."""
        return dict(json.loads(self.request("GET", with_query(path, query)).decode(errors="replace")))

    def path(self, kind: str, namespace: str, name: str = "") -> str:
        """Return the path of a kind's objects in a namespace (or in all, where it is empty), or of one."""
        known = self._kind(kind)
        scope = f"/namespaces/{namespace}" if known.namespaced and namespace else ""
        return f"{known.path}{scope}/{known.plural}" + (f"/{name}" if name else "")

    def get(self, kind: str, namespace: str, name: str) -> Object:
        """Return an object."""
        return self.ask(self.path(kind, namespace, name))

    def find(self, kind: str, namespace: str, name: str) -> Object | None:
        """Return an object, or nothing if there is none."""
        try:
            return self.get(kind, namespace, name)
        except ServerError as error:
            if error.status == 404:
                return None
            raise

    def list_all(self, kind: str, namespace: str, **query: str) -> list[Object]:
        """Return the objects of a kind in a namespace; in all of them, where it is empty."""
        return items_of(self.ask(self.path(kind, namespace), **query))

    def merge(self, kind: str, namespace: str, name: str, patch: Object) -> Object:
        """Patch an object by merge patch, under kubectl's name."""
        path = with_query(self.path(kind, namespace, name), {"fieldManager": "kubectl-patch"})
        return dict(json.loads(self.request("PATCH", path, patch, {"Content-Type": MERGE_PATCH})))

    def create(self, kind: str, namespace: str, manifest: Object) -> Object:
        """Create an object, as strictly as kubectl: an unknown field is an error."""
        query = {"fieldManager": "kubectl-create", "fieldValidation": "Strict"}
        return dict(json.loads(self.request("POST", with_query(self.path(kind, namespace), query), manifest)))

    def delete(self, kind: str, namespace: str, name: str) -> None:
        """Delete an object, without waiting for its end."""
        self.request("DELETE", self.path(kind, namespace, name))

    def watch(self, kind: str, namespace: str, name: str) -> "Watch":
        """Return every version of an object from now on, whether or not it exists yet."""
        query = {"fieldSelector": f"metadata.name={name}"}
        listed = self.ask(self.path(kind, namespace), **query)
        query |= {"watch": "1", "resourceVersion": listed["metadata"]["resourceVersion"]}
        stream = self._send("GET", with_query(self.path(kind, namespace), query), None, None, stream=True)
        return Watch(items_of(listed), stream)

    def follow(self, kind: str, namespace: str = "", **query: str) -> Iterator[tuple[str, Object]]:
        """Yield what there is and what happens from then on, as a watch calls it, until the watch ends."""
        listed = self.ask(self.path(kind, namespace), **query)
        yield from (("ADDED", item) for item in items_of(listed))
        query |= {"watch": "1", "resourceVersion": listed["metadata"]["resourceVersion"]}
        stream = self._send("GET", with_query(self.path(kind, namespace), query), None, None, stream=True)
        for event in events_of(stream):
            if event["type"] == "ERROR":
                return
            yield event["type"], event["object"]

    def kinds(self) -> set[Kind]:
        """Return all kinds that are served now."""
        return {kind for kind, _ in self._served()}

    def _kind(self, name: str) -> Kind:
        if name not in self._kinds and time.monotonic() - self._discovered > STALE:
            self._kinds = {word: kind for kind, words in self._served() for word in words}
            self._discovered = time.monotonic()
        try:
            return self._kinds[name]
        except KeyError:
            raise ServerError(404, f"the server doesn't know the kind {name}") from None

    def _served(self) -> Iterator[tuple[Kind, list[str]]]:
        """Yield each kind with its names; core kinds last, so that a name of both means those."""
        for root in ("/apis", "/api"):
            for group in reversed(
                json.loads(self.request("GET", root, None, {"Accept": DISCOVERY}))["items"]
            ):
                name = group["metadata"].get("name", "")
                for version in reversed(group["versions"]):
                    path = f"{root}/{name}/{version['version']}" if name else f"{root}/{version['version']}"
                    for item in version.get("resources", []):
                        plural, kind = item["resource"], item["responseKind"]["kind"]
                        words = [plural, item.get("singularResource") or kind.lower(), kind]
                        words += [f"{plural}.{name}", *item.get("shortNames", [])]
                        below = tuple(each["subresource"] for each in item.get("subresources", []))
                        yield Kind(name, path, plural, item["scope"] == "Namespaced", below), words


class Watch:
    """What a watch has seen so far, the objects that there were at its beginning included."""

    def __init__(self, present: list[Object], stream: urllib3.BaseHTTPResponse) -> None:
        """Begin to read."""
        self._seen = list(present)
        self._stream = stream
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def versions(self) -> list[Object]:
        """Return the versions in their order."""
        return list(self._seen)

    def end(self) -> None:
        """Stop watching."""
        self._ended = True
        with contextlib.suppress(OSError):  # it has ended by itself
            self._stream.shutdown()
        self._reader.join(timeout=10)
        self._stream.close()

    def _read(self) -> None:
        try:
            self._seen.extend(event["object"] for event in events_of(self._stream))
        except urllib3.exceptions.HTTPError:
            return  # it was ended
        except (ValueError, OSError):
            if not self._ended:  # else a socket that is shut down gives what isn't decrypted any more
                raise


def events_of(stream: urllib3.BaseHTTPResponse) -> Iterator[Object]:
    """Yield what a watch says, one event after the other."""
    rest = b""
    for part in stream.stream(2**16):
        *lines, rest = (rest + part).split(b"\n")
        yield from map(json.loads, filter(None, lines))


def items_of(listed: Object) -> list[Object]:
    """Return the objects of a list, each with its kind, which the server leaves out there."""
    about = {"apiVersion": listed["apiVersion"], "kind": listed["kind"].removesuffix("List")}
    return [{**about, **item} for item in listed["items"]]


def with_query(path: str, query: dict[str, str]) -> str:
    """Return a path with a query."""
    return f"{path}?{urllib.parse.urlencode(query)}" if query else path


def message_of(answer: bytes) -> str:
    """Return the message of a refusal."""
    try:
        return str(json.loads(answer)["message"])
    except (ValueError, KeyError, TypeError):
        return answer.decode(errors="replace")


def of(cluster: Cluster) -> Server:
    """Return the connection to a cluster with the rights of its kubeconfig, the same for all who ask."""
    return _connect(cluster.kubeconfig, cluster.kubeconfig.stat().st_mtime)


@functools.cache
def _connect(kubeconfig: pathlib.Path, made: float) -> Server:
    # The file of a new cluster has the same name, and another time.
    return Server(kubeconfig)
