"""Several nodes in zones, simulated by kwok beside whatever node the cluster has, for Pods that ask for them.

A Pod is ready two seconds after it was scheduled, and gone a second after it was deleted. A node that is lost
has nobody any more who answers for it.
"""

import contextlib
import dataclasses
import json
from collections.abc import Iterator

import yaml

from hack.cluster import build, lifecycle, paths, processes, simulated_node
from hack.cluster.cluster import Cluster, environment
from tests.live import server
from tests.live.client import eventually, is_ready

LABEL = "formations.dev/simulated"
ZONES = {"n1": "a", "n2": "a", "n3": "b", "n4": "b", "n5": "c", "n6": "c"}
LOST = "n6"
"""The node that has a kwok of its own, which a test may end."""
DELAYS = {"pod-ready": 2000, "pod-delete": 1000}
"""Milliseconds, by the name of kwok's own stage."""


@dataclasses.dataclass(frozen=True)
class Nodes:
    """The nodes that are simulated, and who answers for them."""

    cluster: Cluster
    kwoks: dict[str, processes.Process]

    def lose(self) -> None:
        """Have nobody answer for a node any more, and wait until Kubernetes takes note of it."""
        processes.kill([self.kwoks["lost"]])
        eventually(lambda: not ready(self.cluster, LOST), patience=180)


@contextlib.contextmanager
def simulated(cluster: Cluster) -> Iterator[Nodes]:
    """Add the nodes, and take them away again."""
    api = server.of(cluster)
    kwoks = {group: _kwok(cluster, group) for group in ("kept", "lost")}
    try:
        for name, zone in ZONES.items():
            labels = {"topology.kubernetes.io/zone": zone, LABEL: "lost" if name == LOST else "kept"}
            api.create("node", "", simulated_node.node(name, labels))
        for name in ZONES:
            eventually(lambda: ready(cluster, name))  # noqa: B023  # used at once
        yield Nodes(cluster, kwoks)
    finally:
        for name in ZONES:
            with contextlib.suppress(server.ServerError):
                api.delete("node", "", name)
        processes.kill([*kwoks.values()])


def ready(cluster: Cluster, name: str) -> bool:
    """Tell whether a node is ready."""
    return is_ready(server.of(cluster).get("node", "", name))


def _kwok(cluster: Cluster, group: str) -> processes.Process:
    """Start what answers for a group of nodes, as a guest of the cluster: with kwok's stages, but slower."""
    binary = build.ensure((build.KWOK,))["kwok"]
    stages = list(yaml.safe_load_all(simulated_node.stages_of_kwok()))
    for stage in stages:
        if delay := DELAYS.get(stage["metadata"]["name"]):
            stage["spec"]["delay"] = {"durationMilliseconds": delay}
    file = paths.state() / "stages-of-drains.yaml"
    file.write_text("\n---\n".join(map(json.dumps, stages)))
    flags = simulated_node.flags(cluster.kubeconfig, file)
    command = [str(binary), *flags, f"--manage-nodes-with-label-selector={LABEL}={group}"]
    return lifecycle.start_guest(f"kwok-{group}", command, environment())
