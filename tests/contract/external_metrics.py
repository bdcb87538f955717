"""An API of external metrics, as an adapter serves it: how many jobs wait, which a test says."""

import contextlib
import dataclasses
import json
import pathlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hack.cluster import certificates, metrics, settings
from hack.cluster.cluster import Cluster

NAME, GROUP = "external-metrics", "external.metrics.k8s.io"
VERSION = f"{GROUP}/v1beta1"
SINCE = "2026-01-01T00:00:00Z"


@dataclasses.dataclass
class Jobs:
    """What waits to be done."""

    waiting: int = 0

    def answer(self, path: str) -> dict[str, Any] | None:
        """Return what is served at a path, if anything is."""
        if path == f"/apis/{VERSION}":
            return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": VERSION, "resources": []}
        if not path.startswith(f"/apis/{VERSION}/namespaces/"):
            return None
        item = {"metricName": "jobs", "metricLabels": {}, "timestamp": SINCE, "value": str(self.waiting)}
        return {"kind": "ExternalMetricValueList", "apiVersion": VERSION, "metadata": {}, "items": [item]}


@contextlib.contextmanager
def served(cluster: Cluster, folder: pathlib.Path) -> Iterator[Jobs]:
    """Serve the metrics to the API server of a cluster with a real node, as long as they are needed."""
    jobs = Jobs()
    server = ThreadingHTTPServer((settings.BRIDGE_ADDRESS, 0), _handler(jobs))
    pair = certificates.Authority(folder, "ca").issue(NAME, NAME, hosts=(settings.BRIDGE_ADDRESS,))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        metrics.serve(cluster, NAME, GROUP, server.server_address[1])
        yield jobs
    finally:
        # An API that nobody serves would hold up whoever looks at all there are.
        cluster.run_kubectl("delete", "--ignore-not-found", f"apiservice/v1beta1.{GROUP}")
        cluster.run_kubectl("-n", "kube-system", "delete", "--ignore-not-found", f"service/{NAME}")
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(jobs: Jobs) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found = jobs.answer(self.path.partition("?")[0])
            body = json.dumps(found or {}).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the output is the test's."""

    return Handler
