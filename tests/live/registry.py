"""A registry of images on this machine alone, which forgets everything at its end."""

import contextlib
import subprocess
from collections.abc import Iterator

from hack import local_http
from hack.cluster import build
from tests.live.client import fetch


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """Serve a registry while within, and give its address."""
    address = f"127.0.0.1:{local_http.free_port()}"
    command = [str(build.ensure((build.CRANE,))["crane"]), "registry", "serve", "--address", address]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            fetch(f"http://{address}/v2/")
            yield address
        finally:
            process.terminate()
