"""A Formation with a release command, and the Pod that runs it, as the API server has them."""

from typing import Any

from formation_cli.naming import JOB_LABEL
from formation_operator.api import naming
from tests import builders
from tests.builders import a_container, a_pod, running

Object = dict[str, Any]
JOB = "shop-release-abcdefghij"
SAID = "the release failed: exited with code 3: no database. Ways out: fix it and deploy"


def shop(state: str, *, seen: int = 2, ready: str = "", spec: Object | None = None, **release: Any) -> Object:
    """Return a Formation whose web runs, and whose release is in a state; ``ready`` is why it isn't ready."""
    failed = state == "Failed"
    reason = ready or {"Failed": "ReleaseFailed", "Held": "ReleaseHeld"}.get(state, "Releasing")
    done = state in ("", "Succeeded")
    said = "all process types run as declared" if done else SAID if failed else "the release command runs"
    conditions = [
        {"type": "Ready", "status": str(done), "reason": "Ready" if done else reason, "message": said},
        {"type": "Stalled", "status": str(failed), "reason": reason, "message": said},
    ]
    web = {"state": "Running", "desiredReplicas": 1, "readyReplicas": 1, "updatedReplicas": 1}
    known = {"state": state, "job": JOB, **release} if state else {}
    formation = builders.a_formation(
        processes={"web": builders.a_process(replicas=1)}, release={"command": ["migrate"]}, **(spec or {})
    )
    managed = [{"manager": "formation-cli", "operation": "Update", "time": builders.ago(60)}]
    return {
        **builders.stored(formation, generation=2, managedFields=managed),
        "status": {
            "observedGeneration": seen,
            "conditions": conditions,
            "processes": {"web": web},
            **({"release": known} if known else {}),
        },
    }


def pod(state: Object | None = None, *, ago: float = 30, job: str = JOB) -> Object:
    """Return the Pod of a release."""
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": job, "controller": True}
    found = a_pod(
        a_container(state or running(20), naming.RELEASE),
        name=f"{job}-x7k2p",
        creationTimestamp=builders.ago(ago),
        ownerReferences=[owner],
    )
    labels = {naming.FORMATION_LABEL: "shop", naming.RELEASE_LABEL: "abcdefghij", JOB_LABEL: job}
    return {**found, "metadata": {**found["metadata"], "labels": labels}}
