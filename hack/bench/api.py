"""The leanest client: requests of JSON over connections that are kept, and nothing else."""

import asyncio
import base64
import contextlib
import json
import pathlib
import ssl
import tempfile
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import yaml

Object = dict[str, Any]

CONNECTIONS = 64
DEPLOYMENTS = "/apis/apps/v1"
FORMATIONS = "/apis/formations.dev/v1"
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
APPLIED = "?fieldManager=formation-operator&force=true"


class RefusedError(Exception):
    """The API server refused a request; the text is its own."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:500]}")
        self.status = status


class Api:
    """A connection to the API server, with the rights of a kubeconfig."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        """Take a session that is logged in."""
        self._session = session

    async def send(
        self, method: str, path: str, body: Any = None, content: str = "application/json"
    ) -> bytes:
        """Return the answer to a request; raises `RefusedError`."""
        data = None if body is None else json.dumps(body).encode()
        async with self._session.request(
            method, path, data=data, headers={"Content-Type": content}
        ) as answer:
            text = await answer.read()
            if answer.status >= 400:
                raise RefusedError(answer.status, text.decode(errors="replace"))
            return text

    async def get(self, path: str) -> Object:
        """Return what is at a path."""
        return dict(json.loads(await self.send("GET", path)))

    async def create(self, manifest: Object) -> Object:
        """Create an object and return it as it is then."""
        return dict(json.loads(await self.send("POST", path_of(manifest).rpartition("/")[0], manifest)))

    async def merge(self, path: str, patch: Object) -> Object:
        """Change an object by merge patch and return it."""
        return dict(json.loads(await self.send("PATCH", path, patch, MERGE)))

    async def apply(self, manifest: Object, below: str = "") -> None:
        """Write an object, or what is below it, by server-side apply."""
        await self.send("PATCH", path_of(manifest) + below + APPLIED, manifest, APPLY)

    async def lines(self, path: str) -> AsyncIterator[bytes]:
        """Yield the lines of a stream as they come."""
        forever = aiohttp.ClientTimeout(total=None)
        async with self._session.get(path, timeout=forever) as answer:
            if answer.status >= 400:
                raise RefusedError(answer.status, await answer.text())
            rest = b""
            async for part in answer.content.iter_any():
                *whole, rest = (rest + part).split(b"\n")
                for line in whole:
                    yield line


def path_of(manifest: Object) -> str:
    """Return the path of an object."""
    version, about = manifest["apiVersion"], manifest["metadata"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    scope = f"/namespaces/{about['namespace']}" if "namespace" in about else ""
    return f"{root}{scope}/{manifest['kind'].lower()}s/{about['name']}"


@contextlib.asynccontextmanager
async def connect(kubeconfig: pathlib.Path) -> AsyncIterator[Api]:
    """Log in, with what our own kubeconfigs hold: a token, or a certificate."""
    cluster, user = read(kubeconfig)
    headers = {"Accept": "application/json"}
    if "token" in user:
        headers["Authorization"] = f"Bearer {user['token']}"
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=trust(cluster, user), keepalive_timeout=300)
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(
        cluster["server"], connector=connector, headers=headers, timeout=timeout
    ) as session:
        yield Api(session)
    await asyncio.sleep(0.25)  # TLS needs some turns to end; source: aiohttp, "Graceful Shutdown"


def read(kubeconfig: pathlib.Path) -> tuple[Object, Object]:
    """Return the one cluster and the one user of a kubeconfig."""
    known = yaml.safe_load(kubeconfig.read_text())
    return known["clusters"][0]["cluster"], known["users"][0]["user"]


def trust(cluster: Object, user: Object) -> ssl.SSLContext:
    """Return whom we trust, and how we prove who we are."""
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    if "client-certificate-data" in user:
        with tempfile.NamedTemporaryFile() as file:  # the context takes files only
            for part in ("client-certificate-data", "client-key-data"):
                file.write(base64.b64decode(user[part]))
            file.flush()
            context.load_cert_chain(file.name)
    return context
