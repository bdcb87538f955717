"""Flux's real kustomize-controller; the tests stand in for its source-controller."""

import copy
import dataclasses
import hashlib
import io
import json
import pathlib
import sys
import tarfile
from typing import Any

from hack.cluster import build, settings
from hack.cluster.cluster import Cluster
from hack.local_http import free_port
from tests.live.client import Client, eventually
from tests.neighbours import installing
from tests.shared.builders import Manifest, text
from tests.shared.health_checks import FLUX

SOURCES = "github.com/fluxcd/source-controller@v1.9.6"
"""What Kustomizations refer to: only its CRDs are used."""
KUSTOMIZATION = "kustomizations.kustomize.toolkit.fluxcd.io"
SINCE = "2026-01-01T00:00:00Z"


@dataclasses.dataclass(frozen=True)
class Artifacts:
    """Archives of what is in Git, and where they are served."""

    folder: pathlib.Path
    address: str

    def make(self, manifest: Manifest) -> dict[str, str]:
        """Serve a manifest, and return it as an artifact in the words of Flux."""
        content = text(manifest).encode()
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as made:
            entry = tarfile.TarInfo("formation.yaml")
            entry.size = len(content)
            made.addfile(entry, io.BytesIO(content))
        digest = hashlib.sha256(archive.getvalue()).hexdigest()
        name = f"{digest}.tar.gz"
        (self.folder / name).write_bytes(archive.getvalue())
        named = {"digest": f"sha256:{digest}", "path": name, "url": f"{self.address}/{name}"}
        return {**named, "revision": f"main@sha1:{digest[:40]}", "lastUpdateTime": SINCE}


def install(cluster: Cluster, folder: pathlib.Path) -> Artifacts:
    """Start Flux with its own CRDs, and serve the artifacts that are in a folder."""
    for path in (SOURCES, "github.com/fluxcd/kustomize-controller"):
        installing.know(cluster, installing.configuration(build.FLUX, path))
    binary = build.ensure((build.FLUX,))["kustomize-controller"]
    health = f"{settings.LOOPBACK}:{free_port()}"
    flags = [f"--health-addr={health}", f"--metrics-addr={settings.LOOPBACK}:{free_port()}"]
    installing.start(cluster, "kustomize-controller", [str(binary), *flags], RUNTIME_NAMESPACE="default")
    installing.wait_until_healthy(health)
    port = str(free_port())
    serve = [sys.executable, "-m", "http.server", port, "--bind", settings.LOOPBACK]
    installing.start(cluster, "artifacts", [*serve, "--directory", str(folder)])
    return Artifacts(folder, f"http://{settings.LOOPBACK}:{port}")


@dataclasses.dataclass(frozen=True)
class Folder:
    """A folder in Git that Flux applies to a user's namespace."""

    user: Client
    artifacts: Artifacts

    def follow(self, *, by_expressions: bool = True) -> None:
        """Have Flux apply it, as our sample does: with its expressions of health, or with kstatus alone."""
        sample = copy.deepcopy(FLUX)
        sample["metadata"] = {"name": "shop"}
        sample["spec"] |= {"path": "./", "targetNamespace": self.user.namespace, "retryInterval": "1h"}
        sample["spec"]["sourceRef"]["name"] = "shop"
        if not by_expressions:
            del sample["spec"]["healthCheckExprs"]
        self.user.apply(sample)

    def forget(self) -> None:
        """Have Flux delete what it has applied."""
        self.user("delete", KUSTOMIZATION, "--all")

    def push(self, manifest: Manifest) -> str:
        """Change what is in Git, and return its revision."""
        spec = {"url": "https://git.example.com/shop.git", "interval": "1h"}
        source = {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "spec": spec}
        self.user.apply({**source, "metadata": {"name": "shop"}})
        artifact = self.artifacts.make(manifest)
        patch = json.dumps({"status": {"artifact": artifact}})
        self.user("patch", "gitrepository/shop", "--subresource=status", "--type=merge", "-p", patch)
        return artifact["revision"]

    def ready(self, status: str, revision: str) -> dict[str, Any]:
        """Wait until Flux says this of a revision, and return its condition ``Ready``."""

        def said() -> dict[str, Any] | None:
            found = self._status()
            (condition,) = [each for each in found["conditions"] if each["type"] == "Ready"]
            is_about = found.get("lastAttemptedRevision") == revision
            return condition if is_about and condition["status"] == status else None

        return eventually(said, patience=150)

    def sync(self, moment: str) -> None:
        """Have Flux apply it once more, and wait until it has."""
        request = f"reconcile.fluxcd.io/requestedAt={moment}"
        self.user("annotate", "--overwrite", f"{KUSTOMIZATION}/shop", request)
        eventually(lambda: self._status().get("lastHandledReconcileAt") == moment)

    def _status(self) -> dict[str, Any]:
        return dict(self.user.get(KUSTOMIZATION, "shop")["status"])
