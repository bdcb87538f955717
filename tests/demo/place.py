"""Where the demo takes place: on the cluster of this repository, or on one that the user has."""

import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Protocol

from tests import local_http
from tests.cluster import progress
from tests.demo.stage import Stage, require

ACCOUNT = ("formation-system", "formation-operator")


class Place(Protocol):
    """All that differs between the two."""

    @property
    def runs_processes(self) -> bool:
        """Whether containers execute there."""

    @property
    def installs(self) -> bool:
        """Whether the CRD and the operator's rights aren't there yet."""

    @property
    def begins(self) -> str:
        """What `start_operator` does, as a sentence."""

    @property
    def stage(self) -> Stage:
        """Kubectl there."""

    def start_operator(self) -> None:
        """Start the operator with the rights that manifests/ ships, and wait until it works."""

    def apply_sample(self) -> None:
        """Apply a sample of manifests/samples/."""

    def ask_web(self) -> str:
        """Show a request to web through its Service and return the answer."""

    def rest(self) -> None:
        """Say how to go on, once every step was as it should be."""

    def leave(self) -> str:
        """End what mustn't outlast the demo, however it went; return what the user has to end, and how."""


def operator_command() -> tuple[list[str], str]:
    """Return the command that starts the operator, and the URL of its health on a port that is free."""
    health = f"http://127.0.0.1:{local_http.free_port()}/healthz"
    return [sys.executable, "-m", "formation_operator", "--liveness", health], health


def operator_environment(kubeconfig: pathlib.Path) -> dict[str, str]:
    """Return the operator's environment: of ours it needs no more than this."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "KUBECONFIG": str(kubeconfig), "PYTHONUNBUFFERED": "1"}


def fetch(url: str) -> str:
    """Return what a URL answers, or nothing if it doesn't."""
    try:
        return local_http.text_of(url, seconds=2)
    except OSError:
        return ""


def ask_patiently(ask: Callable[[], str], what: str, seconds: float = 20) -> str:
    """Return the first answer: a new Service takes a moment until it leads somewhere."""
    progress.step(what)
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        require(time.monotonic() < deadline, f"{what}: no answer within {seconds:.0f} s")
        time.sleep(0.2)
    return answer


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process of ours to stop, and wait for it."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
