"""The job that everybody does: Formations of three types, their Deployments, their status.

What the operator makes of a Formation is here once more, because the leanest client has to write the same
without it; ``tests/bench/test_bench.py`` compares the two on a cluster.
"""

import datetime
import json
import pathlib
from typing import Any

Manifest = dict[str, Any]

TYPES = ("web", "worker", "clock")
SCALED = "worker"
"""The type whose count is changed."""
IMAGE = "registry.example.com/shop:v1"
API_VERSION = "formations.dev/v1"
DEPLOYMENT, STATUS = (
    pathlib.Path(__file__).with_name(name).read_text() for name in ("deployment.json", "status.json")
)


def namespace(number: int, namespaces: int) -> str:
    """Return the namespace of a Formation."""
    return f"bench-{number % namespaces}"


def a_namespace(name: str) -> Manifest:
    """Return a namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def no_deployments(namespace: str) -> Manifest:
    """Return a quota that has no room for any Deployment."""
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "full", "namespace": namespace},
        "spec": {"hard": {"count/deployments.apps": "0"}},
    }


def name(number: int) -> str:
    """Return the name of a Formation."""
    return f"app-{number}"


def formation(number: int, namespaces: int) -> Manifest:
    """Return a Formation as a user writes it."""
    processes = {kind: {"command": ["/shop", kind], "replicas": 1} for kind in TYPES}
    return {
        "apiVersion": API_VERSION,
        "kind": "Formation",
        "metadata": {"name": name(number), "namespace": namespace(number, namespaces)},
        "spec": {"image": IMAGE, "processes": processes},
    }


def deployment(stored: Manifest, kind: str) -> Manifest:
    """Return the Deployment of a process type, given the Formation as the API server has it."""
    about, spec = stored["metadata"], stored["spec"]
    return filled(
        DEPLOYMENT,
        owner=about["name"],
        namespace=about["namespace"],
        uid=about["uid"],
        kind=kind,
        replicas=spec["processes"][kind]["replicas"],
        intent=f"{about['generation']:016x}",
        image=spec["image"],
    )


def status(stored: Manifest) -> Manifest:
    """Return what is reported while no process runs yet, as an apply of the status."""
    about, spec = stored["metadata"], stored["spec"]
    return filled(
        STATUS,
        owner=about["name"],
        namespace=about["namespace"],
        generation=about["generation"],
        image=spec["image"],
        now=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **{kind: spec["processes"][kind]["replicas"] for kind in TYPES},
    )


def filled(template: str, **values: object) -> Manifest:
    """Return a manifest with these values."""
    return dict(json.loads(template % values))
