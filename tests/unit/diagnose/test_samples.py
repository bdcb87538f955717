"""Many Pods with the same trouble cost no more questions than a few, and are told of alike."""

import pytest

from formation_operator.api.reasons import Reason
from formation_operator.diagnose import investigator, pod_events
from formation_operator.kube.port import Object
from formation_operator.observe.rollouts import DeploymentStatus
from tests.shared.builders import Manifest, a_container, a_pod, ago, ended, waiting
from tests.unit.facts import a_child
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.operator import Looking

MANY = 200
TYPES = {"worker": a_child(rollout=DeploymentStatus(current=True, total=1, updated=1, revision="2"))}


def killed(number: int, process_type: str = "worker") -> Manifest:
    """Return a Pod that kubelet has ended, as only an Event tells."""
    again = waiting("CrashLoopBackOff")
    probe = {"exec": {"command": ["false"]}}
    last = ended(137, before=number)
    labels = {"formations.dev/process-type": process_type}
    container = a_container(again, process_type, last=last, restarts=number, livenessProbe=probe)
    return a_pod(container, name=f"{process_type}-{number:03}", labels=labels)


def creating(number: int) -> Manifest:
    return a_pod(a_container(waiting("ContainerCreating")), name=f"creating-{number:03}")


def killing(pod: Manifest) -> Object:
    (container,) = pod["status"]["containerStatuses"]
    return {
        "type": "Normal",
        "reason": "Killing",
        "note": f"Container {container['name']} failed liveness probe, will be restarted",
        "deprecatedLastTimestamp": container["lastState"]["terminated"]["finishedAt"],
        "regarding": {"uid": pod["metadata"]["uid"]},
    }


def recorded(*events: Object) -> FakeCluster:
    """Return a cluster in which something was recorded."""
    cluster = FakeCluster()
    for event in events:
        cluster.put("Event", event)
    return cluster


async def test_a_few_pods_are_asked_about_and_speak_for_all_that_are_like_them() -> None:
    raws = [killed(number) for number in range(1, MANY + 1)]
    cluster = recorded(*map(killing, raws))
    found = (await Looking(cluster).look(raws, TYPES)).findings["worker"]
    assert len(cluster.calls) == investigator.FEW
    assert {each.reason for each in found} == {Reason.LIVENESS_PROBE_FAILED}
    assert sorted(each.restarts for each in found) == [*range(1, MANY + 1)]
    assert len({each.last for each in found}) == MANY, "when it happened, each Pod says itself"


async def test_each_kind_of_trouble_is_asked_about() -> None:
    raws = [make(number) for number in range(1, 10) for make in (killed, creating)]
    cluster = recorded(*(killing(raw) for raw in raws if raw["metadata"]["name"].startswith("worker")))
    found = (await Looking(cluster).look(raws, TYPES)).findings["worker"]
    assert len(cluster.calls) == 2 * investigator.FEW
    assert [each.reason for each in found] == 9 * [Reason.LIVENESS_PROBE_FAILED]


async def test_what_most_of_those_say_that_were_asked_about_is_taken_for_the_others() -> None:
    raws = [killed(number) for number in range(1, 6)]
    reasons = [
        each.reason
        for each in (await Looking(recorded(*map(killing, raws[1:3]))).look(raws, TYPES)).findings["worker"]
    ]
    assert reasons == [Reason.KILLED, *4 * [Reason.LIVENESS_PROBE_FAILED]]


async def test_a_pass_asks_a_few_questions_at_once_and_leaves_the_rest_to_the_next() -> None:
    types = [f"t{number:02}" for number in range(20)]
    raws = [killed(number, name) for name in types for number in range(1, 4)]
    deployments = dict.fromkeys(types, TYPES["worker"])
    cluster = recorded(*map(killing, raws))
    by, passes = Looking(cluster), 0
    while len(cluster.calls) < len(raws):
        before = len(cluster.calls)
        examined = await by.look(raws, deployments, passes)
        assert 0 < len(cluster.calls) - before <= investigator.MOST_PODS
        passes += 1
    reasons = {each.reason for found in examined.findings.values() for each in found}
    assert reasons == {Reason.LIVENESS_PROBE_FAILED}


@pytest.mark.parametrize("lasting", ["FailedMount", "BackOff"])
def test_what_is_recorded_again_and_again_pushes_no_other_cause_out(lasting: str) -> None:
    notes = [f"Readiness probe failed: {number}" for number in range(999)]
    just_now = {"reason": "Unhealthy", "deprecatedLastTimestamp": ago(1)}
    often = [pod_events.pod_event({**just_now, "note": note}) for note in notes]
    rare = pod_events.pod_event({"reason": lasting, "note": "why", "deprecatedLastTimestamp": ago(3600)})
    kept = pod_events.newest([*often, rare])
    assert rare in kept
    assert len(kept) <= pod_events.KEPT
