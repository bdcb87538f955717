"""What a namespace refuses is said in the API server's words, and nothing else waits for it."""

from collections.abc import Callable

import pytest

from tests.contract.counting import count
from tests.live import releases
from tests.live.client import Client, eventually
from tests.shared.builders import Manifest, a_formation, a_process

SHOP = a_formation(image="shop:v1", processes={"worker": a_process(replicas=2)})
NEXT: Manifest = {"image": "shop:v2"}
Says = Callable[[Client], str]


def condition(kind: str) -> Says:
    """Return what reads the message of a condition."""
    return lambda user: str((user.condition(kind) or {}).get("message"))


def of_the_release(user: Client) -> str:
    return str(releases.status(user).get("message"))


CASES: dict[str, tuple[Manifest, Says]] = {
    "deployments.apps": ({"processes": {"clock": a_process(replicas=1)}}, condition("Reconciling")),
    "controllerrevisions.apps": (NEXT, condition("RevisionFailed")),
    "poddisruptionbudgets.policy": ({"disruptionBudget": {}}, condition("Ready")),
    "jobs.batch": ({**NEXT, "release": releases.RELEASE}, of_the_release),
}
"""By the kind that is full, what needs one more of it, and who says that there is none."""


def full(user: Client, kind: str) -> int:
    """Allow no more objects of a kind than there are, and return how many that is."""
    present = len(user.list_all(kind))
    user("create", "quota", "full", f"--hard=count/{kind}={present}")
    eventually(lambda: user.get("resourcequota", "full").get("status", {}).get("hard"))
    return present


@pytest.mark.parametrize(("kind", "case"), CASES.items(), ids=CASES)
def test_what_a_full_quota_refuses_is_said_holds_up_no_count_and_is_made_once_there_is_room(
    user: Client, kind: str, case: tuple[Manifest, Says]
) -> None:
    change, says = case
    user.apply(SHOP)
    eventually(lambda: user.get("formation", "shop")["status"].get("revision", {}).get("number") == 1)
    present = full(user, kind)
    user.merge("formation", "shop", {"spec": change})
    eventually(lambda: "exceeded quota: full" in says(user))
    assert user.condition("Stalled") is None
    user.merge("formation", "shop", {"spec": {"processes": {"worker": {"replicas": 6}}}})
    eventually(lambda: count(user) == 6)
    user("delete", "quota", "full")
    eventually(lambda: len(user.list_all(kind)) > present)


MOST: Manifest = {"type": "Container", "max": {"memory": "64Mi"}}
LARGE: Manifest = {"resources": {"limits": {"memory": "128Mi"}}}
PODS: dict[str, tuple[Manifest, Manifest, str, str]] = {
    "a quota": ({"hard": {"pods": "0"}}, {}, "Reconciling", "exceeded quota: policy"),
    "a quota that needs limits": (
        {"hard": {"limits.memory": "1Gi"}},
        {},
        "Stalled",
        "must specify limits.memory for: worker: set resources.limits.memory",
    ),
    "a limit range": ({"limits": [MOST]}, LARGE, "Stalled", "maximum memory usage per Container is 64Mi"),
    "pod security": ({}, {"securityDefaults": "none"}, "Stalled", "violates PodSecurity"),
}
"""By what refuses a Pod: its spec, fields of the type that it refuses, the condition, and its words."""


@pytest.mark.parametrize("case", PODS.values(), ids=PODS)
def test_what_refuses_a_pod_is_named(user: Client, case: tuple[Manifest, Manifest, str, str]) -> None:
    spec, fields, kind, words = case
    metadata = {"name": "policy"}
    if "hard" in spec:
        user.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": spec})
        eventually(lambda: user.get("resourcequota", "policy")["status"])  # else it refuses in other words
    elif spec:
        user.apply({"apiVersion": "v1", "kind": "LimitRange", "metadata": metadata, "spec": spec})
    else:
        user("label", "namespace", user.namespace, "pod-security.kubernetes.io/enforce=restricted")

    user.apply(a_formation(processes={"worker": a_process(replicas=1, **fields)}))

    def named() -> bool:
        worker = user.get("formation", "shop")["status"]["processes"]["worker"]
        condition = user.condition(kind) or {"message": ""}
        return (
            worker.get("reason") == "ReplicaFailure"
            and words in worker["message"]
            and words in condition["message"]
        )

    eventually(named, patience=120)
    eventually(lambda: any(words in note for note in user.events("ReplicaFailure")))
