"""Real neighbours as guests of the cluster, built from their own pinned sources."""

import json
import pathlib

from hack.cluster import golang, lifecycle
from hack.cluster.build import Module
from hack.cluster.cluster import Cluster, environment
from hack.operator_process import healthy
from tests.live.client import Client, established, eventually


def configuration(module: Module, path: str) -> pathlib.Path:
    """Return the configuration that is shipped with what a module requires, or with another at a version."""
    found = golang.run(["mod", "download", "-json", path], module.folder, f"{module.name}-sources")
    return pathlib.Path(json.loads(found)["Dir"]) / "config"


def know(cluster: Cluster, shipped: pathlib.Path) -> None:
    """Apply all CRDs of a configuration, and wait until they are served."""
    folder = shipped / "crd" / "bases"
    # Server-side, because an annotation that holds all of one of them would be too large.
    cluster.run_kubectl("apply", "--server-side", "-f", str(folder))
    for file in folder.glob("*.yaml"):
        group, _, plural = file.stem.partition("_")
        established(Client(cluster, "default"), f"{plural}.{group}")


def start(cluster: Cluster, name: str, command: list[str], **variables: str) -> None:
    """Start a neighbour that may do everything."""
    kubeconfig = {"KUBECONFIG": str(cluster.kubeconfig)}
    lifecycle.start_guest(name, command, {**environment(), **kubeconfig, **variables})


def wait_until_healthy(address: str) -> None:
    """Wait until a neighbour says that it is ready."""
    eventually(lambda: healthy(f"http://{address}/readyz"))
