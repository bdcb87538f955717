"""Build manifests in the words of the domain, so that a test shows only what it is about."""

import copy
import datetime
import json
from typing import Any

Manifest = dict[str, Any]

MIDNIGHT = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
NOW = MIDNIGHT.timestamp()
"""The present of all Pods that are built here, in seconds since 1970."""

IMAGE = "registry.example.com/shop:v1"


def a_process(*command: str, **fields: Any) -> Manifest:
    """Return a process type; without a command it runs the sample app's worker."""
    return {"command": list(command or ("/shop", "worker")), **fields}


def a_formation(name: str = "shop", *, processes: dict[str, Manifest] | None = None, **spec: Any) -> Manifest:
    """Return a Formation; without process types it has one worker, and without `canary` no canaries.

    Stories about something else would have to wait for these at each deploy.
    """
    return {
        "apiVersion": "formations.dev/v1",
        "kind": "Formation",
        "metadata": {"name": name},
        "spec": {
            "image": IMAGE,
            "processes": processes or {"worker": a_process(replicas=1)},
            "canary": {"seconds": 0},
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


# Pods


def ago(seconds: float) -> str:
    """Return the time so many seconds before the present, as Kubernetes writes it."""
    return (MIDNIGHT - datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def running(since: float = 3600) -> Manifest:
    """Return the state of a container that was started so many seconds ago."""
    return {"running": {"startedAt": ago(since)}}


def waiting(reason: str, message: str = "") -> Manifest:
    """Return the state of a container that can't be started yet, or not again."""
    return {"waiting": {"reason": reason, "message": message}}


def ended(code: int, message: str = "", *, reason: str = "", ran: float = 30, before: float = 5) -> Manifest:
    """Return the state of a container that ran for so many seconds, and ended some before the present."""
    word = reason or ("Completed" if code == 0 else "Error")
    times = {"startedAt": ago(before + ran), "finishedAt": ago(before)}
    return {"terminated": {"exitCode": code, "reason": word, "message": message, **times}}


def a_container(
    state: Manifest, name: str = "worker", *, last: Manifest | None = None, restarts: int = 0, **spec: Any
) -> Manifest:
    """Return one container of a Pod, both as it should be and as it is; ``last`` is the state before."""
    ready = spec.pop("ready", "running" in state)
    status = {"name": name, "state": state, "lastState": last or {}, "restartCount": restarts, "ready": ready}
    return {"spec": {"name": name, **spec}, "status": {**status, "started": spec.pop("started", ready)}}


def condition(kind: str, status: bool = True, *, since: float = 60, **said: str) -> Manifest:
    """Return a condition of a Pod; ``said`` is its reason and message."""
    return {"type": kind, "status": str(status), "lastTransitionTime": ago(since), **said}


def a_replica_set_of(labels: Manifest) -> Manifest:
    """Return the reference to the owner of a Pod with these labels, as a Deployment's controller makes it."""
    formation, type_, track = (
        labels.get(f"formations.dev/{each}") for each in ("formation", "process-type", "track")
    )
    own = f"{type_}-canary" if track == "canary" else type_
    name = f"{formation}-{own}-{labels['pod-template-hash']}"
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "uid": name, "controller": True}


def a_pod(
    *containers: Manifest,
    init: tuple[Manifest, ...] = (),
    conditions: tuple[Manifest, ...] | None = None,
    labels: Manifest | None = None,
    status: Manifest | None = None,
    **metadata: Any,
) -> Manifest:
    """Return a Pod as the API server would give it; without containers its worker runs and is ready.

    Without conditions it is as ready as its containers, and has been so for a minute.
    """
    inside = containers or (a_container(running()),)
    ready = condition("Ready", all(item["status"]["ready"] for item in inside))
    name = metadata.get("name", "shop-worker-1")
    known = {"namespace": "default", "uid": f"uid-of-{name}", "resourceVersion": "1"}
    ours = {"formation": "shop", "process-type": "worker", "track": "stable"}
    labelled = {f"formations.dev/{key}": value for key, value in ours.items()}
    labelled |= {"pod-template-hash": "abc", **(labels or {})}
    return {
        "metadata": {
            "name": name,
            "creationTimestamp": ago(7200),
            "ownerReferences": [a_replica_set_of(labelled)],
            **known,
            **metadata,
            "labels": labelled,
        },
        "spec": {"initContainers": _all("spec", init), "containers": _all("spec", inside)},
        "status": {
            "phase": "Running",
            "conditions": [*((ready,) if conditions is None else conditions)],
            "initContainerStatuses": _all("status", init),
            "containerStatuses": _all("status", inside),
            **(status or {}),
        },
    }


def a_release_pod(*containers: Manifest, digest: str = "abcdefghij", **about: Any) -> Manifest:
    """Return a Pod of the Job of shop's release; without containers it runs and is ready."""
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": f"shop-release-{digest}", "uid": "job-1"}
    pod = a_pod(
        *(containers or (a_container(running(), "release"),)),
        **{"name": "shop-release-1", "ownerReferences": [{**owner, "controller": True}], **about},
    )
    pod["metadata"]["labels"] = {"formations.dev/formation": "shop", "formations.dev/release": digest}
    return pod


def a_release_job(
    *conditions: Manifest, digest: str = "abcdefghij", status: Manifest | None = None, **metadata: Any
) -> Manifest:
    """Return the Job of shop's release as the API server would give it; without conditions it isn't over."""
    owner = {"apiVersion": "formations.dev/v1", "kind": "Formation", "name": "shop", "uid": "uid-1"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"shop-release-{digest}",
            "namespace": "default",
            "uid": "job-1",
            "resourceVersion": "1",
            "creationTimestamp": ago(60),
            "labels": {"formations.dev/formation": "shop", "formations.dev/release": digest},
            "annotations": {"formations.dev/release-key": "a-key"},
            "ownerReferences": [{**owner, "controller": True}],
            **metadata,
        },
        "spec": {},
        "status": {"conditions": [*conditions], **(status or {})},
    }


def _all(part: str, containers: tuple[Manifest, ...]) -> list[Manifest]:
    return [item[part] for item in containers]
