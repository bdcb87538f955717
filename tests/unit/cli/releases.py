"""A Formation with a release command, and the Pod that runs it, as the API server has them."""

from typing import Any

from formation_cli.objects import JOB_LABEL
from formation_operator.api import naming
from tests.shared import builders
from tests.shared.builders import a_container, a_pod, running

Object = dict[str, Any]
JOB = "shop-release-abcdefghij"
RUNS = f"the release command runs in Job {JOB}"
FAILS = (
    "the release command has failed: exited with code 3: no database; what was released before "
    "keeps running. "
    "Correct it and deploy again, go back (kubectl formation rollback shop), or try it again "
    f"(kubectl delete job {JOB})"
)
HOLDS = "the release command starts once spec.suspend is false"
MESSAGES = {"Running": RUNS, "Failed": FAILS, "Held": HOLDS}
REASONS = {"Running": "Releasing", "Failed": "ReleaseFailed", "Held": "ReleaseHeld"}


def shop(state: str, *, seen: int = 2, broken: str = "", **release: Any) -> Object:
    """Return a Formation whose web runs, or is ``broken``, and whose release is in a state."""
    message = MESSAGES.get(state, "")
    stalled = state == "Failed" or bool(broken)
    parts = [f"web: {broken}" * bool(broken), message]
    said = "; ".join(filter(None, parts if state == "Running" else parts[::-1])) or "all process types run"
    reason = "Exited" if broken and state == "Running" else REASONS.get(state, "Running")
    conditions = [
        {"type": "Ready", "status": str(not message), "reason": reason, "message": said},
        {"type": "Stalled", "status": str(stalled), "reason": reason, "message": said},
    ]
    web = {"state": "Running", "desiredReplicas": 1, "readyReplicas": 1, "updatedReplicas": 1}
    if broken:
        web |= {"state": "Crashing", "reason": "Exited", "message": broken}
    about = {"message": message} if message else {}
    known = {"state": state, "job": JOB, **about, **release} if state else {}
    formation = builders.a_formation(
        processes={"web": builders.a_process(replicas=1)}, release={"command": ["migrate"]}
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
