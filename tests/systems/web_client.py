"""Clients of a web process: one request, or many at a steady rate while something is done to the processes.

They do what every HTTP client does. One thing of that matters here: a connection that is kept alive
may be closed by the server while it is idle, and a request may be on its way at that moment. Where
nothing of an answer has come, HTTP lets a client send a GET once more on a new connection (RFC 9112,
9.3.1), and browsers, curl, Go's and Java's clients all do. So does this one, and counts it. Any other
error is a failed request: a refused connection, an answer that breaks off, another status than 200.
"""

import collections
import contextlib
import http.client
import threading
import time
import urllib.parse
from collections.abc import Iterator
from types import TracebackType
from typing import Self

TIMEOUT = 30
CLOSED = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


def connect(url: str) -> http.client.HTTPConnection:
    """Return a connection to the URL's server, which is opened by its first request."""
    return http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=TIMEOUT)


def get(url: str, connection: http.client.HTTPConnection | None = None) -> str:
    """Return the whole answer to a GET; raises where it isn't a good one."""
    used = connection or connect(url)
    try:
        used.request("GET", urllib.parse.urlsplit(url)._replace(scheme="", netloc="").geturl() or "/")
        answer = used.getresponse()
        body = answer.read().decode()
        if answer.status != http.client.OK:
            raise http.client.HTTPException(f"{answer.status} {body}")
        return body
    finally:
        if connection is None:
            used.close()


def try_to_get(url: str) -> str | None:
    """Return the answer to a GET, or nothing where there is no good one yet."""
    try:
        return get(url)
    except (OSError, http.client.HTTPException):
        return None


class SteadyClient:
    """Sends requests all the time, from entering to leaving, and counts them by what was done meanwhile."""

    def __init__(self, url: str) -> None:
        """Get ready; ``url`` is a Service's."""
        self.url = url
        self.step = "at rest"
        self.sent: collections.Counter[str] = collections.Counter()
        self.repeated: collections.Counter[str] = collections.Counter()
        self.failed: dict[str, list[str]] = collections.defaultdict(list)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        # Each sends up to ten requests a second, and the last one a slow request all the time.
        work = (self._new_connections, self._new_connections, *3 * (self._kept_alive,), self._slow)
        self._threads = [threading.Thread(target=each) for each in work]

    def __enter__(self) -> Self:
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the last requests end."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    @contextlib.contextmanager
    def during(self, step: str) -> Iterator[None]:
        """Count what is sent meanwhile as sent during this step."""
        self.step = step
        yield
        time.sleep(1)
        self.step = "at rest"

    def figures(self) -> list[str]:
        """Return a line for each step."""
        return [
            f"{step}: {sent} sent, {len(self.failed.get(step, []))} failed, {self.repeated[step]} sent again"
            for step, sent in self.sent.items()
        ]

    def _new_connections(self) -> None:
        while not self._ended.wait(0.1):
            self._send(self.url)

    def _slow(self) -> None:
        while not self._ended.is_set():
            self._send(f"{self.url}/?slow=2")

    def _kept_alive(self) -> None:
        with contextlib.closing(connect(self.url)) as connection:
            while not self._ended.wait(0.1):
                self._send(self.url, connection)

    def _send(self, url: str, connection: http.client.HTTPConnection | None = None) -> None:
        step, was_open = self.step, connection is not None and connection.sock is not None
        error = self._try(url, connection)
        if was_open and isinstance(error, CLOSED):
            with self._lock:
                self.repeated[step] += 1
            error = self._try(url, connection)
        with self._lock:
            self.sent[step] += 1
            if error:
                self.failed[step].append(f"{time.strftime('%T')} {url}: {error!r}")

    def _try(self, url: str, connection: http.client.HTTPConnection | None) -> Exception | None:
        try:
            get(url, connection)
        except (OSError, http.client.HTTPException) as error:
            if connection:
                connection.close()
            return error
        return None
