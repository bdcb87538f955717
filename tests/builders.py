"""Build manifests in the words of the domain, so that a test shows only what it is about."""

import copy
import json
from typing import Any

Manifest = dict[str, Any]

IMAGE = "registry.example.com/shop:v1"


def a_process(*command: str, **fields: Any) -> Manifest:
    """Return a process type; without a command it runs the sample app's worker."""
    return {"command": list(command or ("/shop", "worker")), **fields}


def a_formation(name: str = "shop", *, processes: dict[str, Manifest] | None = None, **spec: Any) -> Manifest:
    """Return a Formation; without process types it has one worker."""
    return {
        "apiVersion": "formations.dev/v1",
        "kind": "Formation",
        "metadata": {"name": name},
        "spec": {
            "image": IMAGE,
            "processes": processes or {"worker": a_process(replicas=1)},
            **spec,
        },
    }


def stored(formation: Manifest, **metadata: Any) -> Manifest:
    """Return a Formation as the API server would give it back."""
    known = {"namespace": "default", "uid": "uid-1", "generation": 1, "resourceVersion": "1", **metadata}
    return {**copy.deepcopy(formation), "metadata": {**formation["metadata"], **known}}


def text(manifest: Manifest) -> str:
    """Return a manifest as kubectl reads it."""
    return json.dumps(manifest)
