"""A cable to the API server; when it is cut, what is on its way stays there until it is mended."""

import contextlib
import socket
import threading
from collections.abc import Iterator

AFTER = 5.0
"""Seconds for which the server's end stays open after the client has gone: what came late is carried out."""


class Cable:
    """Forwards connections from a port of this machine to another one."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._whole = threading.Event()
        self._whole.set()
        self.held = 0
        """The bytes for the server that were held since the last cut."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """The port of the client's end."""
        return int(self._listener.getsockname()[1])

    @contextlib.contextmanager
    def cut(self) -> Iterator[None]:
        """Hold all that the client sends; what the server says still arrives."""
        self.held = 0
        self._whole.clear()
        try:
            yield
        finally:
            self._whole.set()

    def close(self) -> None:
        """Take the cable away."""
        self._whole.set()
        for end in (self._listener, *self._open):
            # A thread that waits for it has to be woken.
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._open += [client, server]
                for source, target, held in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._pump, args=(source, target, held), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, held: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(2**16):
                if held and not self._whole.is_set():
                    self.held += len(data)
                    self._whole.wait()
                target.sendall(data)
            if held:
                threading.Event().wait(AFTER)
            target.shutdown(socket.SHUT_WR)
