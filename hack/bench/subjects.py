"""Who is measured: a version of the operator, a reference in Go, and the leanest client without any."""

import asyncio
import dataclasses
import pathlib
import sys
import time

from hack.cluster import build, lifecycle, paths, processes
from hack.cluster.cluster import Cluster, environment
from hack.local_http import free_port
from hack.operator_process import healthy

HERE = paths.ROOT / "hack" / "bench"
REFERENCE = build.Module("reference", {"formation-reference": "."}, home=HERE)
WORKERS = 20
"""Formations that the reference works on at once: as many as the operator."""
START_SECONDS = 300


@dataclasses.dataclass(frozen=True)
class Subject:
    """Somebody who does the job; without a command nobody does, and we do it ourselves."""

    name: str
    installed: tuple[tuple[str, ...], ...]
    """What is applied before it starts, each as flags of kubectl."""
    command: tuple[str, ...] = ()
    """With ``{port}`` for where it answers health checks, and ``{other}`` for another free port."""
    health: str = "http://127.0.0.1:{port}/healthz"
    variables: tuple[tuple[str, str], ...] = ()


def shipped(tree: pathlib.Path) -> tuple[tuple[str, ...], ...]:
    """Return the CRD and the RBAC of a tree."""
    return (("-k", str(tree / "crds")), ("-k", str(tree / "manifests" / "rbac")))


def operator(tree: pathlib.Path, name: str) -> Subject:
    """Return the operator of a tree, started as a user does."""
    listening = ("--liveness", Subject.health, "--metrics", "127.0.0.1:{other}")
    command = (sys.executable, "-m", "formation_operator", *listening)
    ready = Subject.health.replace("healthz", "readyz")
    return Subject(name, shipped(tree), command, ready, (("PYTHONPATH", str(tree / "operator")),))


def raw(tree: pathlib.Path) -> Subject:
    """Return the leanest client: what it writes is the floor."""
    return Subject("raw", shipped(tree))


def reference(tree: pathlib.Path) -> Subject:
    """Return the reference in Go, built if need be."""
    binary = build.ensure((REFERENCE,))["formation-reference"]
    command = (str(binary), "--health", "127.0.0.1:{port}", "--workers", str(WORKERS))
    return Subject("go", shipped(tree), command)


PEERS = {"raw": raw, "go": reference}


class Runner:
    """Runs a subject on a cluster, with the service account that we ship."""

    def __init__(self, subject: Subject, cluster: Cluster) -> None:
        """Log in."""
        self.subject = subject
        self.kubeconfig = cluster.kubeconfig_for("formation-system", "formation-operator")
        self._process: processes.Process | None = None
        self._health = ""

    @property
    def pid(self) -> int | None:
        """The id of its process; none if it has none."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start it."""
        if not self.subject.command:
            return
        ports = {"port": free_port(), "other": free_port()}
        self._health = self.subject.health.format(**ports)
        command = [word.format(**ports) for word in self.subject.command]
        variables = {**environment(), **dict(self.subject.variables), "KUBECONFIG": str(self.kubeconfig)}
        self._process = lifecycle.start_guest("bench", command, variables)

    async def ready(self) -> float:
        """Wait until it says that it is ready, and return when that was."""
        deadline = time.monotonic() + START_SECONDS
        while self._process and not await asyncio.to_thread(healthy, self._health):
            processes.require_alive([self._process])
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.subject.name} isn't ready; its log: {self._process.log}")
            await asyncio.sleep(0.02)
        return time.perf_counter()

    def stop(self) -> None:
        """Ask it to stop, and wait for its end."""
        if self._process:
            processes.stop(self._process)
        self._process = None
