"""How a type is as a whole, from its Deployment's figures and what is wrong with its Pods."""

import dataclasses
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from formation_operator.api.reasons import Reason, State
from formation_operator.diagnose.finding import SEVERITY, Finding
from formation_operator.observe.children import Child
from formation_operator.observe.rollouts import DeploymentStatus
from formation_operator.replicas.count_owner import Replicas
from formation_operator.status import type_health
from formation_operator.status.type_health import Health
from tests.shared.builders import ago
from tests.unit.facts import DONE, POD_SECURITY, QUOTA, QUOTA_OF_SETS, ROLLOUT, a_child

OURS = Replicas(desired=2, rendered=2, remembered=2)
THEIRS = Replicas(desired=8, rendered=None, remembered=8)
NONE = Replicas(desired=0, rendered=0, remembered=2)
STOPPED = dataclasses.replace(NONE, suspended=True)
EIGHT = DeploymentStatus(current=True, total=8, updated=8, ready=8, available=8, serving=True)
EMPTY = DeploymentStatus(current=True, serving=True)
CRASH = Finding(State.CRASHING, Reason.EXITED, "exited with code 1", last=ago(5), restarts=3)
UNREADY = Finding(State.UNREADY, Reason.READINESS_PROBE_FAILED, "its readiness probe fails")
BAD = Finding(State.CRASHING, Reason.BAD_COMMAND, "no such program", lasting=True, last=ago(9), restarts=1)


def how(*findings: Finding, count: Replicas = OURS, **rollout: Any) -> Health:
    return of(a_child(rollout=dataclasses.replace(DONE, **rollout)), *findings, count=count)


def grown(*findings: Finding, count: Replicas = THEIRS, served: int | None = 2, **rollout: Any) -> Health:
    """Return how a type is of which some were ready, and more are wanted now."""
    child = a_child(rollout=dataclasses.replace(DONE, serving=False, **{"total": 8, "updated": 8, **rollout}))
    return type_health.health(count, child, findings, ready_before=served)


def of(child: Child | None, *findings: Finding, count: Replicas = OURS) -> Health:
    return type_health.health(count, child, findings)


ONE: dict[str, Any] = {"total": 1, "updated": 1, "available": 1}
ZERO: dict[str, Any] = dict.fromkeys(ONE, 0)
UNSEEN: dict[str, Any] = {"total": 2, "updated": 2, "current": False}
PULLS = Finding(State.STARTING, Reason.PROGRESSING, "perhaps an image is pulled")
# How a type is; its state and its reason, if it is complete, and if that lasts.
TYPES = {
    "all run": (how(), "Running complete"),
    "there is no Deployment yet": (of(None), "Starting Progressing"),
    "its controller hasn't seen it": (how(current=False), "Starting Progressing"),
    "it is to be suspended": (of(None, count=STOPPED), "Suspended Progressing"),
    "some start": (how(available=1), "Starting Progressing"),
    "some start, and it is known why that takes a while": (how(PULLS, available=1), "Starting Progressing"),
    "some start slowly, and enough serve": (how(PULLS, total=3, updated=1), "Running Progressing"),
    "old ones run": (how(updated=1, available=1), "Starting Progressing"),
    "one too many": (how(total=3, updated=3), "Running Progressing"),
    "none is wanted": (of(a_child(rollout=EMPTY), count=NONE), "Idle complete"),
    "suspended": (of(a_child(rollout=EMPTY), count=STOPPED), "Suspended complete"),
    "an autoscaler adds some": (how(count=THEIRS, total=8, updated=8), "Running complete"),
    "an autoscaler's aren't enough to serve": (
        how(count=THEIRS, total=8, updated=8, serving=False),
        "Starting Progressing",
    ),
    "an autoscaler adds some to those that serve": (grown(), "Running complete"),
    "its controller hasn't seen yet what an autoscaler wants": (grown(**UNSEEN), "Running complete"),
    "its controller hasn't seen what an autoscaler wants, and some crash": (
        grown(CRASH, **UNSEEN),
        "Starting Progressing",
    ),
    "fewer serve than before an autoscaler added some": (grown(ready=1), "Starting Progressing"),
    "we want some more than serve": (
        grown(count=dataclasses.replace(OURS, desired=8, rendered=8)),
        "Starting Progressing",
    ),
    "past its deadline": (how(available=1, stuck="timed out"), "Starting ProgressDeadlineExceeded lasting"),
    "over its quota": (how(**ONE, blocked=QUOTA), "Starting ReplicaFailure"),
    "over its quota for too long": (
        how(**ONE, blocked=QUOTA, stuck="timed out"),
        "Starting ReplicaFailure lasting",
    ),
    "not even its ReplicaSet may be created": (
        how(current=False, refused=f'Failed to create new replica set "shop-6d": {QUOTA_OF_SETS}'),
        "Running ReplicaFailure",
    ),
    "somebody paused the Deployment": (how(updated=0, paused=True), "Running DeploymentPaused lasting"),
    "somebody paused the Deployment before its first process": (
        how(**ZERO, paused=True),
        "Starting DeploymentPaused lasting",
    ),
    "somebody paused the Deployment, and nothing is to change": (how(paused=True), "Running complete"),
    "the old process has to end first": (how(**ZERO, terminating=True), "Starting Progressing"),
    "refused by Pod Security": (how(**ZERO, blocked=POD_SECURITY), "Starting ReplicaFailure lasting"),
    "one crashes": (how(CRASH, available=1), "Crashing Exited"),
    "both crash": (how(CRASH, CRASH, available=0), "Crashing Exited"),
    "it was restarted once": (how(dataclasses.replace(CRASH, restarts=1)), "Crashing Exited"),
    "one isn't ready": (how(UNREADY, available=1), "Unready ReadinessProbeFailed"),
    "past its deadline, and one is unready": (
        how(UNREADY, available=1, stuck="timed out"),
        "Unready ReadinessProbeFailed lasting",
    ),
    "the version before serves": (how(UNREADY, total=3, updated=1), "Unready ReadinessProbeFailed"),
    "a crash, although all are available in between": (how(CRASH), "Crashing Exited"),
    "a command that won't work": (how(BAD), "Crashing BadCommand lasting"),
    "a rollout that was past its deadline and is through": (
        how(UNREADY, stuck="timed out"),
        "Unready ReadinessProbeFailed complete",
    ),
    "a crash, and no more Pods are let in": (
        how(CRASH, **{**ONE, "available": 0}, blocked=POD_SECURITY),
        "Crashing Exited lasting",
    ),
    "a quarter of an autoscaler's many": (
        of(a_child(rollout=EIGHT), CRASH, CRASH, count=THEIRS),
        "Crashing Exited complete",
    ),
    "more than a quarter": (of(a_child(rollout=EIGHT), CRASH, CRASH, CRASH, count=THEIRS), "Crashing Exited"),
}


@pytest.mark.parametrize(("found", "short"), TYPES.values(), ids=TYPES)
def test_a_type_is_as_its_deployment_and_its_pods_say(
    found: Health, short: str, snapshot: SnapshotAssertion
) -> None:
    ends = ["complete"] * found.complete + ["lasting"] * found.lasting
    assert [found.state, *filter(None, [found.reason]), *ends] == short.split()
    assert found.message == snapshot


EVICTED = Finding(State.CRASHING, "Evicted", "was ended by its node", last=ago(1), gone=True)


@pytest.mark.parametrize(("total", "told"), [(2, "its readiness probe fails"), (1, "ended by its node")])
def test_of_a_pod_that_failed_is_told_while_there_is_none_in_its_place_or_that_one_is_well(
    total: int, told: str
) -> None:
    assert told in how(EVICTED, UNREADY, available=0, total=total, updated=total).message
    assert "ended by its node" in how(EVICTED, available=1, total=total, updated=total).message


FORBIDDEN = 'pods "shop-1" is forbidden: '
SPECIFY = "failed quota: q: must specify limits.cpu for: worker; memory for: worker"


@pytest.mark.parametrize(
    ("refusal", "lasting"),
    [
        ("exceeded quota: small", False),
        (SPECIFY, True),
        ("minimum cpu usage per Container is 100m, but request is 10m", True),
        ("cpu max limit to request ratio per Container is 2, but provided ratio is 5.000000", True),
        ("ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no", True),
        ('admission webhook "v.kyverno.svc" denied the request: no', True),
        ('failed calling webhook "v.kyverno.svc": connection refused', False),
    ],
)
def test_a_refusal_that_waiting_will_not_mend_is_known(refusal: str, lasting: bool) -> None:
    assert how(**ONE, blocked=FORBIDDEN + refusal).lasting == lasting


def test_a_quota_that_needs_limits_is_told_with_the_fields_that_set_them() -> None:
    message = how(**ONE, blocked=FORBIDDEN + SPECIFY).message
    assert message == f"Pods can't be created: {SPECIFY}: set resources.limits.cpu, resources.requests.memory"


FINDINGS = st.builds(
    Finding,
    state=st.sampled_from(SEVERITY),
    reason=st.sampled_from(Reason),
    message=st.text(min_size=1, max_size=5),
    lasting=st.booleans(),
    last=st.sampled_from(["", ago(5), ago(9)]),
    restarts=st.integers(0, 9),
)


@given(
    st.lists(FINDINGS, max_size=5),
    ROLLOUT,
    st.sampled_from([OURS, THEIRS, NONE, STOPPED]),
    st.randoms(use_true_random=False),
)
def test_a_type_is_the_same_in_whatever_order_its_pods_are_seen(
    findings: list[Finding], rollout: DeploymentStatus, count: Replicas, chance: random.Random
) -> None:
    child = a_child(rollout=rollout)
    found = of(child, *findings, count=count)
    shuffled = chance.sample(findings, len(findings))
    assert of(child, *shuffled, count=count) == found
    assert found.state in {*State}
    assert bool(found.reason) == bool(found.message)
    assert found.reason or found.complete
    assert not (found.lasting and found.complete)
