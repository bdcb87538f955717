"""A Formation with a release command, and the Pod that runs it, as the API server has them."""

from typing import Any

from formation_cli.objects import JOB_LABEL
from formation_operator.api import naming
from tests.shared import builders
from tests.shared.builders import a_container, condition, running

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
    why: Object = {"reason": reason, "message": said}
    conditions = [condition("Ready", not message, **why), condition("Stalled", stalled, **why)]
    web = {"state": "Running", "desiredReplicas": 1, "readyReplicas": 1, "updatedReplicas": 1}
    if broken:
        web |= {"state": "Crashing", "reason": "Exited", "message": broken}
    about = {"message": message} if message else {}
    known = {"state": state, "job": JOB, **about, **release}
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
            "release": known,
        },
    }


def pod(state: Object | None = None, *, job: str = JOB) -> Object:
    """Return the Pod of a release."""
    container = a_container(state or running(20), naming.RELEASE)
    about = {"name": f"{job}-x7k2p", "creationTimestamp": builders.ago(30)}
    found = builders.a_release_pod(container, digest=job.removeprefix("shop-release-"), **about)
    found["metadata"]["labels"][JOB_LABEL] = job
    return found
