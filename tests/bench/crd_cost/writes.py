"""The writes that are measured: a plain Formation of three types, and one that uses much of the schema."""

import copy
from typing import Any

from formation_operator.api import naming
from tests.builders import MIDNIGHT, Manifest, a_formation, a_process

STAMP = MIDNIGHT.strftime("%Y-%m-%dT%H:%M:%SZ")
SECRET = {"secretKeyRef": {"name": "shop", "key": "url"}}
PROBE = {"httpGet": {"path": "/healthy", "port": "http"}, "periodSeconds": 5}


def plain() -> Manifest:
    """Return the Formation that the other benchmarks create, too."""
    return a_formation(
        processes={
            "web": a_process("/shop", "web", replicas=2, port=8080),
            "worker": a_process("/shop", "worker", replicas=2, terminationGracePeriodSeconds=60),
            "clock": a_process("/shop", "clock", replicas=1, singleton=True),
        }
    )


def rich() -> Manifest:
    """Return a Formation with an environment, probes, resources and sidecars."""
    sidecar = {"name": "proxy", "image": "proxy:1", "env": [{"name": "A", "value": "1"}]}
    own = {"name": naming.PROCESS_CONTAINER, "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]}
    template = {"spec": {"containers": [own, sidecar], "volumes": [{"name": "tmp", "emptyDir": {}}]}}
    formation = plain()
    formation["spec"]["env"] = [{"name": f"V{n}", "value": "1"} for n in range(8)]
    formation["spec"]["labels"] = {"team": "shop"}
    formation["spec"]["podTemplate"] = {
        "metadata": {"labels": {"team": "shop"}},
        "spec": {"containers": [own], "volumes": [{"name": "tmp", "emptyDir": {}}]},
    }
    for process in formation["spec"]["processes"].values():
        process["env"] = [{"name": "URL", "valueFrom": SECRET}, {"name": "LEVEL", "value": "info"}]
        process["resources"] = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}}
    formation["spec"]["processes"]["web"].update(readinessProbe=PROBE, podTemplate=template)
    return formation


def status(formation: Manifest) -> Manifest:
    """Return the status of a Formation whose processes run."""
    known = {"status": "True", "observedGeneration": 1, "lastTransitionTime": STAMP, "reason": "Running"}
    return {
        "observedGeneration": 1,
        "summary": "web 2/2, worker 2/2, clock 1/1",
        "selector": f"{naming.GROUP}/formation=shop,{naming.GROUP}/process-type=web",
        "replicas": 2,
        "conditions": [{"type": "Ready", "message": "All processes run.", **known}],
        "processes": {
            name: {
                "state": "Running",
                "restarts": 0,
                "desiredReplicas": process["replicas"],
                "readyReplicas": process["replicas"],
                "updatedReplicas": process["replicas"],
                "selector": f"{naming.GROUP}/formation=shop,{naming.GROUP}/process-type={name}",
            }
            for name, process in formation["spec"]["processes"].items()
        },
    }


def stored(formation: Manifest) -> Manifest:
    """Return a Formation as the API server keeps it."""
    metadata = {
        **formation["metadata"],
        "namespace": "default",
        "uid": "4cb1c6b1-5d52-4b3c-8d3a-7b1f8c5d1a10",
        "generation": 1,
        "resourceVersion": "1",
        "creationTimestamp": STAMP,
    }
    return {**formation, "metadata": metadata}


def all_of_them() -> list[dict[str, Any]]:
    """Return each write: its creation, a change of a count, and the report of its status."""
    return [write for kind, make in (("plain", plain), ("rich", rich)) for write in of(kind, make())]


def of(kind: str, formation: Manifest) -> list[dict[str, Any]]:
    """Return the writes of one Formation."""
    fresh = {**stored(formation), "status": {"observedGeneration": -1}}
    reported = {**fresh, "status": status(formation)}
    scaled = copy.deepcopy(reported)
    scaled["spec"]["processes"]["web"]["replicas"] = 3
    return [
        {"name": f"{kind}, created", "new": stored(formation)},
        {"name": f"{kind}, scaled", "old": reported, "new": scaled},
        {"name": f"{kind}, reported", "old": fresh, "new": reported, "status": True},
    ]
