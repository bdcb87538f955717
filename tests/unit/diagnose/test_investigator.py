"""What is asked of the cluster, how often, and which Pods count."""

import dataclasses
import math
from collections.abc import Iterable

import pytest

from formation_operator.api import naming
from formation_operator.diagnose import investigator, pod_events
from formation_operator.diagnose.investigator import Evidence, Examination
from formation_operator.diagnose.pod_events import pod_event
from formation_operator.kube import errors
from formation_operator.kube.port import Object
from formation_operator.observe.children import Child
from formation_operator.observe.faults import Faults
from formation_operator.observe.rollouts import DeploymentStatus
from formation_operator.shares import size_of
from tests.shared.builders import NOW, Manifest, a_container, a_pod, ago, ended, waiting
from tests.unit.facts import a_child, known
from tests.unit.fakes.cluster import FakeCluster, Incident
from tests.unit.fakes.operator import Looking

ALONE = a_child(rollout=DeploymentStatus(current=True, total=1, updated=1, revision="2"))
ROLLING = a_child(rollout=DeploymentStatus(current=True, total=2, updated=1, revision="2"))
CREATING = a_pod(a_container(waiting("ContainerCreating")))
NO_SECRET = {
    "type": "Warning",
    "reason": "FailedMount",
    "note": 'secret "shop" not found',
    "deprecatedLastTimestamp": ago(5),
    "regarding": {"uid": CREATING["metadata"]["uid"]},
}


CREATE_IT = "create it, or correct volumes in podTemplate"


def crashing(name: str, template: str, code: int = 1) -> Manifest:
    return a_pod(a_container(ended(code)), name=name, labels={"pod-template-hash": template})


def a_replica_set(template: str, revision: str, owner: str = "child-1") -> Object:
    return {
        "metadata": {
            "labels": {**naming.selector("shop", "worker", naming.STABLE), "pod-template-hash": template},
            "annotations": {"deployment.kubernetes.io/revision": revision},
            "ownerReferences": [{"uid": owner}],
        }
    }


def recorded(*replica_sets: Object, events: Iterable[Object] = ()) -> FakeCluster:
    """Return a cluster in which something was recorded."""
    cluster = FakeCluster()
    for kind, raws in (("ReplicaSet", replica_sets), ("Event", events)):
        for raw in raws:
            cluster.put(kind, raw)
    return cluster


def record_instead(cluster: FakeCluster, *events: Object) -> None:
    """Have other Events recorded, and those of before expired."""
    for event in cluster.all("Event"):
        cluster.remove("Event", "default", event["metadata"]["name"])
    for event in events:
        cluster.put("Event", event)


def away() -> Incident:
    return Incident(error=errors.UnavailableError("away"), times=math.inf)


def asked(cluster: FakeCluster) -> list[tuple[str, str]]:
    """Return each question: for which kind, and which of its objects."""
    assert {call.verb for call in cluster.calls} <= {"select"}
    return [(call.kind, call.selector) for call in cluster.calls]


async def look(
    by: Looking, raws: Iterable[Manifest], child: Child | None = ALONE, later: float = 0
) -> Examination:
    return await by.look(raws, {} if child is None else {"worker": child}, later)


def messages(examined: Examination) -> list[str]:
    return [found.message for found in examined.findings.get("worker", [])]


@pytest.mark.parametrize("trouble", ["can't be asked for", "isn't there yet"])
async def test_a_version_that_was_not_found_is_looked_for_again_although_nothing_is_heard(
    trouble: str,
) -> None:
    cluster = recorded(a_replica_set("new", "2" if trouble.startswith("can't") else "1"))
    cluster.incidents.append(Incident("select", error=errors.UnavailableError("away")))
    by, pods = Looking(cluster), [crashing("a", "new", code=2)]
    first = await look(by, pods, ROLLING)
    assert first.again_in is not None
    cluster.put("ReplicaSet", a_replica_set("new", "2"))
    then = await look(by, pods, ROLLING, later=first.again_in)
    assert (messages(first), messages(then)) == ([], ["exited with code 2"])


async def test_nothing_is_asked_where_nothing_is_wrong() -> None:
    records = recorded()
    examined = await look(Looking(records), [a_pod()], ROLLING)
    assert (examined.findings, examined.again_in, asked(records)) == ({}, None, [])


async def test_a_crash_needs_no_question_while_all_pods_have_one_version() -> None:
    records = recorded()
    examined = await look(Looking(records), [crashing("a", "old"), crashing("b", "new", code=2)])
    assert messages(examined) == ["exited with code 1", "exited with code 2"]
    assert asked(records) == []


# Which version of the pod template


@pytest.mark.parametrize(
    "records",
    [
        recorded(a_replica_set("old", "1"), a_replica_set("new", "2")),
        recorded(a_replica_set("old", "2", owner="another"), a_replica_set("new", "2")),
    ],
    ids=["an older version", "another Deployment's"],
)
async def test_in_a_rollout_only_pods_of_the_new_version_count(records: FakeCluster) -> None:
    by = Looking(records)
    raws = [crashing("a", "old"), crashing("b", "new", code=2)]
    assert messages(await look(by, raws, ROLLING)) == ["exited with code 2"]
    assert messages(await look(by, raws, ROLLING)) == ["exited with code 2"]
    selector = naming.selector_string("shop", "worker", naming.STABLE)
    assert asked(records) == [("ReplicaSet", selector)]


async def test_the_next_version_is_asked_for_again() -> None:
    records = recorded(a_replica_set("old", "1"), a_replica_set("new", "2"), a_replica_set("newer", "3"))
    by = Looking(records)
    raws = [crashing("b", "new"), crashing("c", "newer", code=3)]
    await look(by, raws, ROLLING)
    next_one = dataclasses.replace(ROLLING, rollout=dataclasses.replace(ROLLING.rollout, revision="3"))
    assert messages(await look(by, raws, next_one)) == ["exited with code 3"]


@pytest.mark.parametrize(
    "child",
    [None, a_child(), ROLLING],
    ids=["no Deployment", "one that its controller hasn't seen", "no ReplicaSet of it yet"],
)
async def test_while_the_version_is_not_known_no_pod_counts(child: Child | None) -> None:
    unlabelled = a_pod(a_container(ended(1)), labels={"pod-template-hash": ""})
    examined = await look(Looking(recorded()), [crashing("a", "old"), unlabelled], child)
    assert examined.findings == {}
    assert len(examined.pods["worker"]) == 2


# Events


async def test_an_event_explains_what_a_pod_does_not_tell_and_is_remembered_for_a_while() -> None:
    records = recorded(events=(NO_SECRET,))
    by = Looking(records)
    for later in (0, 1, 4):
        examined = await look(by, [CREATING], later=later)
        assert messages(examined) == [f'can\'t start: secret "shop" not found: {CREATE_IT}']
        assert examined.again_in == 5 - later
    assert asked(records) == [("Event", "regarding.uid=uid-of-shop-worker-1")]


@pytest.mark.parametrize("events", [(), (NO_SECRET,)])
async def test_events_are_asked_for_again_after_a_pause_that_doubles(events: tuple[Manifest, ...]) -> None:
    records = recorded(events=events)
    by, later, pauses = Looking(records), 0.0, []
    for _ in range(10):
        again = (await look(by, [CREATING], later=later)).again_in
        assert again is not None
        pauses.append(again)
        before = len(asked(records))
        await look(by, [CREATING], later=later + again - 1)
        assert len(asked(records)) == before
        later += again
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300, 300]
    assert len(asked(records)) == 10


async def test_who_ended_a_process_is_remembered_for_as_long_as_it_is_ended_again_and_again() -> None:
    note = "Container worker failed liveness probe, will be restarted"
    killing = {**NO_SECRET, "type": "Normal", "reason": "Killing", "note": note}
    records = recorded(events=(killing,))
    by = Looking(records)

    def loop(restarts: int) -> Manifest:
        back = waiting("CrashLoopBackOff")
        probe = {"exec": {"command": ["false"]}}
        return a_pod(a_container(back, last=ended(137), restarts=restarts, livenessProbe=probe))

    ended_so = ["was restarted because its liveness probe failed"]
    assert messages(await look(by, [loop(1)])) == ended_so
    record_instead(records)
    assert messages(await look(by, [loop(2)], later=3600)) == ended_so
    assert messages(await look(by, [loop(3)], later=7200)) == ended_so
    assert messages(await look(Looking(records), [loop(3)], later=7200)) == [
        "was ended by signal 9 (SIGKILL): the kernel, or someone on its node, killed it"
    ]


async def test_a_pod_that_changed_is_asked_about_at_once() -> None:
    records = recorded()
    by = Looking(records)
    await look(by, [CREATING])
    examined = await look(by, [a_pod(a_container(waiting("PodInitializing")))], later=1)
    assert len(asked(records)) == 2
    assert examined.again_in == investigator.FIRST_DELAY


async def test_events_that_cannot_be_read_hold_nothing_up() -> None:
    records = recorded()
    records.incidents.append(away())
    examined = await look(Looking(records), [CREATING, crashing("b", "abc")])
    assert messages(examined) == ["exited with code 1"]
    assert examined.again_in == investigator.FIRST_DELAY


async def test_what_went_well_is_no_explanation() -> None:
    pulled = {**NO_SECRET, "type": "Normal", "reason": "Pulled", "note": "Successfully pulled image"}
    assert messages(await look(Looking(recorded(events=(pulled,))), [CREATING])) == []


async def test_answers_have_a_bound_for_all_together_and_one_namespace_takes_none_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("formation_operator.diagnose.investigator.MOST_ANSWERS", 2**20)
    chatter = [
        {**NO_SECRET, "note": f"\U0001f600{each} {1000 * 'x'}", "reason": f"{each}{1000 * 'r'}"}
        for each in range(pod_events.KEPT)
    ]
    cluster = recorded(events=chatter)
    cluster.per_page = len(chatter)
    by, quiet, busy = Looking(cluster), Evidence(), [Evidence() for _ in range(30)]
    for evidence, namespace in ((quiet, "quiet"), *((each, "default") for each in busy)):
        pod = dataclasses.replace(known(CREATING), namespace=namespace)
        await by.examine(evidence, {"worker": ALONE}, [pod], NOW, Faults((namespace, "shop")))
    assert quiet.answers
    assert 2**19 < by.held() <= 2**20
    left = [each for each in busy if any(answer.found for answer in each.answers.values())]
    assert left == busy[-len(left) :]
    assert sum(size_of(answer) for each in (quiet, *left) for answer in each.answers.values()) == by.held()
    assert all(each.answers for each in busy), "when to ask again is kept"


async def test_nothing_is_left_of_answers_about_pods_that_are_well() -> None:
    by = Looking(recorded(events=(NO_SECRET,)))
    await look(by, [CREATING])
    assert by.held() > 0
    await look(by, [crashing("b", "abc")])
    assert by.held() == 0
    await look(by, [CREATING])
    by.forget(by.evidence)
    assert by.held() == 0
    await look(by, [CREATING])
    assert by.held() == 0, "it was under way"


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        ({"series": {"lastObservedTime": ago(1)}, "eventTime": ago(9)}, 1),
        ({"deprecatedLastTimestamp": ago(2), "eventTime": None, "series": None}, 2),
        ({"eventTime": ago(3)}, 3),
        ({"metadata": {"creationTimestamp": ago(4)}}, 4),
    ],
    ids=["a series", "the older kind", "a single one", "nothing but its object's own time"],
)
def test_an_event_was_last_seen_when_any_of_its_fields_says(times: Object, seconds: float) -> None:
    assert pod_event({"reason": "Killing", "note": "x", **times}).last == NOW - seconds


def test_an_event_that_stands_for_many_says_what_the_latest_does() -> None:
    note = "(combined from similar events): Readiness probe failed: EOF"
    assert pod_event({"reason": "Unhealthy", "note": note}).message == "Readiness probe failed: EOF"
