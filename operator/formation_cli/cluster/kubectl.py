"""Ask kubectl, and hand over to it where a terminal or a port is connected, or a manifest is applied."""

import os
import shutil
import subprocess
from typing import NoReturn

from formation_cli.cluster.port import Cluster
from formation_cli.cluster.target import Target
from formation_cli.failures import Failure


def become(cluster: Cluster, *words: str) -> NoReturn:
    """Replace this process by kubectl, for the same cluster and namespace."""
    line = command(cluster, *words)
    cluster.close()
    os.execv(line[0], line)  # noqa: S606  # no shell is wanted


def run(cluster: Cluster, *words: str) -> subprocess.CompletedProcess[str]:
    """Run kubectl to its end, and return what it says."""
    return _said(command(cluster, *words))


def command(cluster: Cluster, *words: str) -> list[str]:
    """Return the command line of kubectl, for the same cluster and namespace."""
    verb, *rest = words
    return [program(), verb, f"--namespace={cluster.namespace}", *cluster.target.flags(), *rest]


def config(target: Target, *words: str) -> subprocess.CompletedProcess[str]:
    """Ask kubectl about the kubeconfig, and return what it says."""
    return _said([program(), "config", *words, *target.flags()])


def program() -> str:
    """Return where kubectl is; raises `Failure` if it isn't installed."""
    found = shutil.which("kubectl")
    if found is None:
        raise Failure("kubectl isn't on your PATH. The plugin finds the cluster with it.")
    return found


def printable(said: str) -> str:
    """Return kubectl's words as they are, but for what would move a cursor: others may have written it."""
    return "\n".join("".join(filter(str.isprintable, line)) for line in said.strip().splitlines())


def _said(line: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603
