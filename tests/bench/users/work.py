"""The job that everybody does: Formations of three types, their Deployments, their status.

What the operator makes of a Formation is here once more, because the leanest client has to write the same
without it; ``tests/bench/test_bench.py`` compares the two on a cluster.
"""

import datetime
from typing import Any

Manifest = dict[str, Any]

TYPES = ("web", "worker", "clock")
SCALED = "worker"
"""The type whose count is changed."""
IMAGE = "registry.example.com/shop:v1"
API_VERSION = "formations.dev/v1"


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


def formation(number: int, namespaces: int, replicas: int = 1) -> Manifest:
    """Return a Formation as a user writes it."""
    processes = {kind: {"command": ["/shop", kind], "replicas": replicas} for kind in TYPES}
    return {
        "apiVersion": API_VERSION,
        "kind": "Formation",
        "metadata": {"name": name(number), "namespace": namespace(number, namespaces)},
        "spec": {"image": IMAGE, "processes": processes},
    }


def deployment(stored: Manifest, kind: str) -> Manifest:
    """Return the Deployment of a process type, given the Formation as the API server has it."""
    about, process = stored["metadata"], stored["spec"]["processes"][kind]
    owner = about["name"]
    labels = {
        "app.kubernetes.io/name": owner,
        "app.kubernetes.io/instance": owner,
        "app.kubernetes.io/component": kind,
        "app.kubernetes.io/managed-by": "formation-operator",
        **selector(owner, kind),
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": f"{owner}-{kind}",
            "namespace": about["namespace"],
            "labels": labels,
            "annotations": {
                "formations.dev/content": f"1-{0:032x}",
                "formations.dev/count": str(process["replicas"]),
                "formations.dev/intent": f"{about['generation']:016x}",
            },
            "ownerReferences": [
                {
                    "apiVersion": API_VERSION,
                    "kind": "Formation",
                    "name": owner,
                    "uid": about["uid"],
                    "controller": True,
                    "blockOwnerDeletion": False,
                }
            ],
        },
        "spec": {
            "replicas": process["replicas"],
            "minReadySeconds": 5,
            "selector": {"matchLabels": selector(owner, kind)},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
            },
            "template": {"metadata": {"labels": labels}, "spec": pod(stored, kind)},
        },
    }


def pod(stored: Manifest, kind: str) -> Manifest:
    """Return what a process looks like."""
    spec = stored["spec"]
    container = {
        "name": kind,
        "image": spec["image"],
        "command": spec["processes"][kind]["command"],
        "env": [
            {"name": "FORMATION", "value": stored["metadata"]["name"]},
            {"name": "PROCESS_TYPE", "value": kind},
            {"name": "PROCESS_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        ],
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    context = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    return {"containers": [container], "enableServiceLinks": False, "securityContext": context}


def selector(owner: str, kind: str) -> dict[str, str]:
    """Return the labels that select a type's Pods."""
    return {"formations.dev/formation": owner, "formations.dev/process-type": kind}


def status(stored: Manifest) -> Manifest:
    """Return what is reported while no process runs yet, as an apply of the status."""
    about, processes = stored["metadata"], stored["spec"]["processes"]
    summary = " ".join(f"{kind}=0/{processes[kind]['replicas']}" for kind in sorted(processes))
    kinds = {kind: type_status(about["name"], kind, processes[kind]["replicas"]) for kind in processes}
    return {
        "apiVersion": API_VERSION,
        "kind": "Formation",
        "metadata": {"name": about["name"], "namespace": about["namespace"]},
        "status": {
            "observedGeneration": about["generation"],
            "summary": summary,
            "image": stored["spec"]["image"],
            "replicas": 0,
            "selector": kinds["web"]["selector"],
            "processes": kinds,
            "conditions": [
                condition("Ready", "False", summary, about["generation"]),
                condition("Reconciling", "True", summary, about["generation"]),
            ],
        },
    }


def type_status(owner: str, kind: str, replicas: int) -> Manifest:
    """Return the status of a type of which no process runs yet."""
    return {
        "desiredReplicas": replicas,
        "readyReplicas": 0,
        "updatedReplicas": 0,
        "selector": ",".join(f"{key}={value}" for key, value in selector(owner, kind).items()),
        "state": "Starting",
        "reason": "Progressing",
        "message": f"0 of {replicas} processes are ready",
        "restarts": 0,
    }


def condition(kind: str, value: str, message: str, generation: int) -> Manifest:
    """Return a condition that holds from now on."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "type": kind,
        "status": value,
        "reason": "Progressing",
        "message": message,
        "observedGeneration": generation,
        "lastTransitionTime": now,
    }
