"""A user's side of the cluster: kubectl in a namespace of its own, and waiting for what must come.

What a user types is kubectl's. What a test only looks at is asked in this process.
"""

import dataclasses
import json
import subprocess
import time
from collections.abc import Callable
from typing import IO, Any, TypeVar

from hack import local_http
from hack.cluster.cluster import Cluster, environment
from tests.live import server
from tests.shared import builders

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds: long enough for a busy machine; a test passes as soon as what it waits for is there."""
COLLECTED = 180.0
"""Seconds: the garbage collector looks for new kinds every half minute, and takes as long to take one up."""


@dataclasses.dataclass(frozen=True)
class Client:
    """Kubectl, bound to one namespace."""

    cluster: Cluster
    namespace: str

    def __call__(
        self,
        *arguments: str,
        input: str | None = None,  # noqa: A002  # as in `subprocess.run`
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl; with ``check`` a failure fails the test, with kubectl's own words."""
        done = subprocess.run(
            self._command(*arguments),
            env=self._environment(),
            input=input,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr or done.stdout}")
        return done

    def start(self, *arguments: str, stdout: int | IO[str]) -> subprocess.Popen[str]:
        """Start a kubectl that goes on until it is ended."""
        return subprocess.Popen(self._command(*arguments), env=self._environment(), stdout=stdout, text=True)

    def _command(self, *arguments: str) -> list[str]:
        return [str(self.cluster.kubectl), "--namespace", self.namespace, *arguments]

    def _environment(self) -> dict[str, str]:
        return {**environment(), "KUBECONFIG": str(self.cluster.kubeconfig)}

    def apply(self, manifest: builders.Manifest, *flags: str) -> None:
        """Apply a manifest as a user does."""
        self("apply", *flags, "-f", "-", input=builders.text(manifest))

    def applied(self, formation: builders.Manifest, *flags: str) -> dict[str, Any]:
        """Apply a Formation, wait until its status is about that, and return it."""
        self.apply(formation, *flags)
        return self.reported(formation["metadata"]["name"])

    def ready(self, formation: builders.Manifest) -> None:
        """Apply a Formation, and wait until it is ready."""
        self.apply(formation)
        name = formation["metadata"]["name"]
        self("wait", "--for=condition=Ready", f"formation/{name}", "--timeout=180s")

    @property
    def server(self) -> server.Server:
        """The API server, asked in this process with kubectl's rights."""
        return server.of(self.cluster)

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """Return an object, managed fields included."""
        return self.server.get(kind, self.namespace, name)

    def find(self, kind: str, name: str) -> dict[str, Any] | None:
        """Return an object, or nothing if there is none."""
        return self.server.find(kind, self.namespace, name)

    def list_all(self, kind: str) -> list[dict[str, Any]]:
        """Return all objects of a kind."""
        return self.server.list_all(kind, self.namespace)

    def merge(self, kind: str, name: str, patch: dict[str, Any], *flags: str) -> None:
        """Patch an object by merge patch: with flags by kubectl, for which they are."""
        if flags:
            self("patch", kind, name, "--type=merge", "-p", json.dumps(patch), *flags)
        else:
            self.server.merge(kind, self.namespace, name, patch)

    def container(self, deployment: str = "shop-worker") -> dict[str, Any]:
        """Return the one container of a Deployment's pod template."""
        (container,) = self.get("deployment", deployment)["spec"]["template"]["spec"]["containers"]
        return dict(container)

    def reported(self, name: str = "shop") -> dict[str, Any]:
        """Wait until a Formation's status is about its latest spec, and return the Formation."""

        def current() -> dict[str, Any] | None:
            formation = self.get("formation", name)
            seen = formation["status"].get("observedGeneration")
            return formation if seen == formation["metadata"]["generation"] else None

        return eventually(current)

    def condition(self, kind: str, name: str = "shop") -> dict[str, Any] | None:
        """Return a condition of a Formation, or nothing where it isn't listed."""
        conditions = self.get("formation", name)["status"].get("conditions") or []
        return next((item for item in conditions if item["type"] == kind), None)

    def meets(self, kind: str = "Ready") -> bool:
        """Tell whether a condition of the Formation shop is met."""
        return (self.condition(kind) or {}).get("status") == "True"

    def events(self, reason: str) -> list[str]:
        """Return the notes of the Events with a reason."""
        return [item["note"] for item in self.all_events() if item["reason"] == reason]

    def all_events(self) -> list[dict[str, Any]]:
        """Return the Events of the namespace."""
        return self.list_all("events.events.k8s.io")


def eventually(probe: Callable[[], T | None], patience: float = PATIENCE) -> T:
    """Return the first true answer of a probe, or fail with its last one.

    What a probe looks into may not be there yet, or be gone for a moment: it is asked again then, too.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            answer = probe()
        except (AssertionError, LookupError, ValueError):
            if time.monotonic() > deadline:
                raise
            answer = None
        if answer:
            return answer
        assert time.monotonic() < deadline, f"never came true: {probe.__qualname__} (last: {answer!r})"
        time.sleep(0.1)


def is_ready(pod: builders.Manifest) -> bool:
    """Tell whether a Pod is ready."""
    conditions = pod["status"].get("conditions") or []
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def established(kubectl: Client, kind: str) -> None:
    """Wait until a kind, as ``plural.group``, is served and kubectl has heard of it.

    `kubectl wait` fails at a CRD that nobody has looked at yet: its conditions are null.
    """
    condition = ("wait", "--for=condition=Established", f"crd/{kind}")
    eventually(lambda: kubectl(*condition, check=False).returncode == 0)
    eventually(lambda: kubectl("get", kind, check=False).returncode == 0)


def fetch(url: str) -> str:
    """Return what a URL answers; a new Service takes a moment until it leads somewhere."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return local_http.text_of(url, seconds=5)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def throughout(seconds: float, probe: Callable[[], T]) -> T:
    """Return a probe's answer that stayed the same all the time, or fail with the one that differed."""
    first = probe()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(min(1.0, seconds / 5))
        assert probe() == first
    return first
