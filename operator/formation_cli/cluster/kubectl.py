"""Ask kubectl, and hand over to it where a terminal or a port is connected, or a manifest is applied."""

import os
import select
import shutil
import subprocess
from typing import IO, NoReturn

import click

from formation_cli.cluster.port import Cluster, Target
from formation_cli.failures import Failure


def become(cluster: Cluster, *words: str) -> NoReturn:
    """Replace this process by kubectl, for the same cluster and namespace."""
    line = command(cluster, *words)
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
        raise Failure("kubectl isn't on your PATH. The plugin needs it to find the cluster.")
    return found


def printable(said: str) -> str:
    """Return kubectl's words as they are, but for what would move a cursor: others may have written it."""
    return "\n".join("".join(filter(str.isprintable, line)) for line in said.strip().splitlines())


def _said(line: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603


CHUNK = 65536
PATIENCE = 0.5
"""Seconds after which a word on stderr isn't kubectl's last one."""


def attach(cluster: Cluster, pod: str, container: str, *, tty: bool) -> bytes:
    """Connect our stdin, stdout and stderr to a process; return why that isn't possible, or nothing."""
    how = ["--quiet", "--stdin", *["--tty"] * tty, pod, f"--container={container}"]
    line = command(cluster, "attach", *how)
    with subprocess.Popen(line, stderr=subprocess.PIPE, bufsize=0) as child:  # noqa: S603
        try:
            last = _passed_on(child.stderr) if child.stderr else b""
        finally:
            child.terminate()  # it sets our terminal back
    if child.returncode:
        return last or b"unknown"
    click.echo(last, nl=False, err=True)
    return b""


def _passed_on(errors: IO[bytes]) -> bytes:
    """Pass on what comes by stderr, but for what comes at its end: that may be kubectl's own."""
    held = b""
    while True:
        if held and not select.select([errors], [], [], PATIENCE)[0]:
            click.echo(held, nl=False, err=True)
            held = b""
        text = os.read(errors.fileno(), CHUNK)
        if not text:
            return held
        click.echo(held, nl=False, err=True)
        held = text
