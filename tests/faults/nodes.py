"""Several nodes in zones, simulated by kwok beside whatever node the cluster has, for Pods that ask for them.

A Pod is ready two seconds after it was scheduled, and gone a second after it was deleted. One of the type
``crash`` crashes again and again. A node that is lost has nobody any more who answers for it.
"""

import contextlib
import copy
import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import yaml

from tests import server
from tests.client import eventually
from tests.cluster import build, lifecycle, paths, processes, simulated_node
from tests.cluster.cluster import Cluster, environment

LABEL = "formations.dev/simulated"
ZONES = {"n1": "a", "n2": "a", "n3": "b", "n4": "b", "n5": "c", "n6": "c"}
LOST = "n6"
"""The node that has a kwok of its own, which a test may end."""
READY_MS, GONE_MS = 2000, 1000
TYPE = '.metadata.labels["formations.dev/process-type"]'
CRASHING = """
phase: Running
startTime: {{ Now | Quote }}
conditions:
- {type: Ready, status: "False", reason: ContainersNotReady, lastTransitionTime: {{ Now | Quote }}}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: false
  restartCount: 7
  state: {waiting: {reason: CrashLoopBackOff, message: back-off}}
  lastState: {terminated: {exitCode: 1, reason: Error, finishedAt: {{ Now | Quote }}}}
{{ end }}
"""


@dataclasses.dataclass(frozen=True)
class Nodes:
    """The nodes that are simulated, and who answers for them."""

    cluster: Cluster
    kwoks: dict[str, processes.Process]

    def lose(self) -> None:
        """Have nobody answer for a node any more, and wait until Kubernetes takes note of it."""
        processes.kill([self.kwoks["lost"]])
        eventually(lambda: ready(self.cluster, LOST) != "True", patience=180)


@contextlib.contextmanager
def simulated(cluster: Cluster) -> Iterator[Nodes]:
    """Add the nodes, and take them away again."""
    api = server.of(cluster)
    kwoks = {group: _kwok(cluster, group) for group in ("kept", "lost")}
    try:
        for name in ZONES:
            api.create("node", "", node(name))
        for name in ZONES:
            eventually(lambda name=name: ready(cluster, name) == "True")  # type: ignore[misc]
        yield Nodes(cluster, kwoks)
    finally:
        for name in ZONES:
            with contextlib.suppress(server.ServerError):
                api.delete("node", "", name)
        processes.kill([*kwoks.values()])


def ready(cluster: Cluster, name: str) -> str:
    """Return the status of a node's condition Ready."""
    conditions = server.of(cluster).get("node", "", name)["status"].get("conditions") or []
    return next((each["status"] for each in conditions if each["type"] == "Ready"), "")


def node(name: str) -> dict[str, Any]:
    """Return a node of a zone, which only Pods of the test ask for."""
    group = "lost" if name == LOST else "kept"
    room = {"cpu": "100", "memory": "100Gi", "pods": "100"}
    labels = {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": ZONES[name], LABEL: group}
    metadata = {"name": name, "labels": labels}
    status = {"allocatable": room, "capacity": room}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": status}


def _kwok(cluster: Cluster, group: str) -> processes.Process:
    """Start what answers for a group of nodes, as a guest of the cluster."""
    build.ensure((build.KWOK,))
    stages = paths.state() / "stages-of-drains.yaml"
    stages.write_text("\n---\n".join(json.dumps(each) for each in _stages()))
    command = [
        str(build.KWOK.binaries() / "kwok"),
        f"--kubeconfig={cluster.kubeconfig}",
        f"--config={stages}",
        f"--manage-nodes-with-label-selector={LABEL}={group}",
        "--node-lease-duration-seconds=40",
        "--node-ip=127.0.0.1",
        "--cidr=10.250.0.0/16",
    ]
    return lifecycle.start_guest(f"kwok-{group}", command, environment())


def _stages() -> Iterator[dict[str, Any]]:
    """Yield kwok's own stages, slower, and one for Pods that crash."""
    for stage in yaml.safe_load_all(simulated_node.stages_of_kwok()):
        spec = stage["spec"]
        if stage["metadata"]["name"] == "pod-ready":
            crash = copy.deepcopy(stage)
            crash["metadata"]["name"] = "pod-crash"
            _only(crash["spec"], "In")
            crash["spec"]["next"]["statusTemplate"] = CRASHING
            yield crash
            _only(spec, "NotIn")
            spec["delay"] = {"durationMilliseconds": READY_MS}
        if stage["metadata"]["name"] == "pod-delete":
            spec["delay"] = {"durationMilliseconds": GONE_MS}
        yield stage


def _only(spec: dict[str, Any], operator: str) -> None:
    spec["selector"]["matchExpressions"].append({"key": TYPE, "operator": operator, "values": ["crash"]})
