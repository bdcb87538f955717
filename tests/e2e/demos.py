"""Run the demo as somebody whose current context is a cluster."""

import os
import subprocess
import sys

from hack.cluster import paths
from hack.cluster.cluster import Cluster


def command() -> list[str]:
    return [sys.executable, "-m", "hack.demo"]


def environment(cluster: Cluster, **variables: str) -> dict[str, str]:
    """Return the environment of somebody whose current context is this cluster."""
    path = os.pathsep.join([str(cluster.kubectl.parent), os.environ["PATH"]])
    own = {"CLUSTER": "current", "KUBECONFIG": str(cluster.kubeconfig), "PATH": path, **variables}
    return {**os.environ, **own}


def demo(
    cluster: Cluster, stdin: int = subprocess.DEVNULL, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the demo, without a terminal unless there is one."""
    with started(cluster, stdin, **variables) as running:
        said, _ = running.communicate(timeout=300)
    return subprocess.CompletedProcess(command(), running.returncode, said)


def started(cluster: Cluster, stdin: int = subprocess.DEVNULL, **variables: str) -> subprocess.Popen[str]:
    """Start the demo."""
    return subprocess.Popen(
        command(),
        cwd=paths.ROOT,
        env=environment(cluster, **variables),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
