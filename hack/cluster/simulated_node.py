"""A simulated node: kwok answers for it, and its pods are ready at once without running anything."""

import json
import pathlib
import typing

from hack.cluster import build, control_plane, golang, paths, settings
from hack.cluster.cluster import Cluster
from hack.cluster.record import Record

MODULE = "sigs.k8s.io/kwok"
PODS = "10.244.0.0/16"
LABELS = {"kubernetes.io/os": "linux", "type": "kwok"}
STAGES = ("node/fast", "node/heartbeat-with-lease", "pod/fast")


def start(record: Record, keys: control_plane.Keys) -> None:
    """Start kwok."""
    admin = control_plane.kubeconfig(record, keys, "kwok", "system:masters")
    stages = paths.state() / "stages.yaml"
    stages.write_text(stages_of_kwok())
    record.start("kwok", [record.binaries["kwok"], *flags(admin, stages), "--manage-all-nodes=true"])


def flags(kubeconfig: pathlib.Path, stages: pathlib.Path) -> list[str]:
    """Return what every kwok is started with, but for which nodes it answers."""
    return [
        f"--kubeconfig={kubeconfig}",
        f"--config={stages}",
        "--node-lease-duration-seconds=40",
        f"--cidr={PODS}",
        f"--node-ip={settings.LOOPBACK}",
    ]


def stages_of_kwok() -> str:
    """Return the stages that kwok's own module ships, kept in the cache beside its binary."""
    cached = build.KWOK.binaries() / "stages.yaml"
    if not cached.is_file():
        listed = golang.run(["mod", "download", "-json", MODULE], build.KWOK.folder, "stages-of-kwok")
        root = pathlib.Path(json.loads(listed)["Dir"]) / "kustomize" / "stage"
        files = [file for stage in STAGES for file in sorted((root / stage).glob(f"{stage[:3]}*.yaml"))]
        cached.parent.mkdir(parents=True, exist_ok=True)
        cached.write_text("\n---\n".join(file.read_text() for file in files))
    return cached.read_text()


def node(name: str, labels: dict[str, str]) -> dict[str, typing.Any]:
    """Return a node with more room than any test needs."""
    room = {"cpu": "10000", "memory": "100Ti", "pods": "100000"}
    metadata = {"name": name, "labels": {"kubernetes.io/hostname": name, **labels}}
    status = {"allocatable": room, "capacity": room}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": status}


def wait(record: Record, running: Cluster) -> None:
    """Register the node and wait until it is ready."""
    running.run_kubectl("create", "-f", "-", stdin=json.dumps(node(settings.NODE, LABELS)))
    control_plane.wait_for_node(record, running)
