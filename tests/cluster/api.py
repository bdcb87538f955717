"""The few requests that starting a cluster needs, without a client library and without kubectl."""

import json
import pathlib
import ssl
import typing
import urllib.error
import urllib.request

from tests.cluster import certificates


class Api:
    """The API server, as its administrator sees it."""

    def __init__(self, server: str, ca: pathlib.Path, admin: certificates.Pair) -> None:
        """Remember the server and how to prove who we are."""
        self.server = server
        self.context = ssl.create_default_context(cafile=str(ca))
        self.context.load_cert_chain(admin.certificate, admin.key)
        handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self.context))
        self.opener = urllib.request.build_opener(*handlers)

    def request(self, method: str, path: str, body: dict[str, typing.Any] | None = None) -> bytes:
        """Return the answer to a request; raises OSError where there is none, or a bad one."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.server + path, data, headers, method=method)
        with self.opener.open(request, timeout=5) as answer:
            content: bytes = answer.read()
        return content

    def answers(self, path: str) -> bool:
        """Tell whether a path can be read."""
        try:
            self.request("GET", path)
        except OSError:
            return False
        return True

    def node_is_ready(self, name: str) -> bool:
        """Tell whether a node exists and is ready."""
        try:
            node = json.loads(self.request("GET", f"/api/v1/nodes/{name}"))
        except OSError:
            return False
        conditions = node["status"].get("conditions", [])
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
