"""The cluster's own processes, ended and started again as they were, and what etcd has stored."""

import contextlib
import pathlib
import shutil
import signal
from collections.abc import Iterator

from hack.cluster import lifecycle, paths, processes, record
from hack.cluster.cluster import Cluster
from tests.live import server
from tests.live.client import eventually

API_SERVER, ETCD, CONTROLLERS = "kube-apiserver", "etcd", "kube-controller-manager"


@contextlib.contextmanager
def without(cluster: Cluster, *names: str) -> Iterator[None]:
    """End some of the processes, and start them again afterwards, the last one first."""
    ended = [record.known().daemon(name) for name in names]
    commands = {process.name: processes.command(process.pid) for process in ended}
    processes.kill(ended)
    try:
        yield
    finally:
        with lifecycle.alone():
            running = record.known()  # somebody may have started the operator meanwhile
            running.daemons = [process for process in running.daemons if process not in ended]
            for name in reversed(names):
                running.start(name, commands[name])
        ready(cluster)


@contextlib.contextmanager
def frozen(cluster: Cluster, name: str) -> Iterator[None]:
    """Have one of the processes stand still."""
    process = record.known().daemon(name)
    processes.send(process, signal.SIGSTOP)
    try:
        yield
    finally:
        processes.send(process, signal.SIGCONT)
        ready(cluster)


def ready(cluster: Cluster) -> None:
    """Wait until the API server serves all."""
    eventually(lambda: server.of(cluster).request("GET", "/readyz") == b"ok")


class Backup:
    """What etcd had stored at a moment."""

    def __init__(self, cluster: Cluster, folder: pathlib.Path) -> None:
        """Keep a copy; nothing runs meanwhile that may write."""
        self._cluster, self._kept = cluster, folder / "etcd"
        with without(cluster, API_SERVER, ETCD):
            shutil.copytree(data(), self._kept)

    def restore(self) -> None:
        """Put the copy in the place of what is stored, as an administrator does: all start anew with it."""
        with without(self._cluster, CONTROLLERS, API_SERVER, ETCD):
            shutil.rmtree(data())
            shutil.copytree(self._kept, data())


def data() -> pathlib.Path:
    """Return where etcd stores everything."""
    return paths.state() / "etcd"
