"""What both places have in common: the cluster of this repository, and one that the user has."""

import os
import pathlib
import signal
import subprocess
import sys

from hack import local_http

ACCOUNT = ("formation-system", "formation-operator")


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


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process of ours to stop, and wait for it."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
