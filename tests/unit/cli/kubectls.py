"""A script in kubectl's place: unit tests have no kubectl, which reads the kubeconfig for the plugin."""

import json
import os
import pathlib
from typing import Any

import pytest


def install(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a script in front of the PATH."""
    program = folder / "kubectl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def viewing(config: dict[str, Any]) -> str:
    """Return a script that answers ``kubectl config view`` with a kubeconfig."""
    return f"cat <<'END'\n{json.dumps(config)}\nEND"


def a_config(user: dict[str, Any] | None = None, **cluster: Any) -> dict[str, Any]:
    """Return a kubeconfig as ``kubectl config view --minify`` shows it."""
    return {
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": "https://test:6443", **cluster}}],
        "users": None if user is None else [{"name": "ann", "user": user}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "ann", "namespace": "shop"}}],
    }
