"""Hand over to kubectl itself, where a terminal or a port is connected, or a manifest is applied."""

import os
import shutil
import subprocess
from typing import NoReturn

from formation_cli.cluster.port import Cluster
from formation_cli.failures import Failure


def become(cluster: Cluster, *words: str) -> NoReturn:
    """Replace this process by kubectl, for the same cluster and namespace."""
    line = command(cluster, *words)
    cluster.close()
    os.execv(line[0], line)  # noqa: S606  # no shell is wanted


def run(cluster: Cluster, *words: str) -> subprocess.CompletedProcess[str]:
    """Run kubectl to its end, and return what it says."""
    return subprocess.run(command(cluster, *words), capture_output=True, text=True, check=False)  # noqa: S603


def command(cluster: Cluster, *words: str) -> list[str]:
    """Return the command line of kubectl, for the same cluster and namespace."""
    program = shutil.which("kubectl")
    if program is None:
        raise Failure("kubectl isn't on your PATH, and this command needs it.")
    verb, *rest = words
    return [program, verb, f"--namespace={cluster.namespace}", *cluster.target.flags(), *rest]
