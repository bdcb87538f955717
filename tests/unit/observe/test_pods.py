"""What is remembered of a Pod, and that no Pod can end a watch."""

import copy
import dataclasses
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from syrupy.assertion import SnapshotAssertion

from formation_operator.api import naming
from formation_operator.kube.objects import containers, lenient, timestamps
from formation_operator.observe import pods, watched
from formation_operator.requeue import Lane
from tests.shared.builders import (
    Manifest,
    a_container,
    a_pod,
    a_release_pod,
    ago,
    condition,
    ended,
    running,
    waiting,
)
from tests.unit.broken_pods import CRASHED, MIGRATED, TIMES, broken_pods
from tests.unit.facts import known

SIDECAR = a_container(running(), "proxy", restartPolicy="Always")
DONE = a_container(ended(0), "release")
NO_IMAGE = a_container(waiting("ImagePullBackOff", "no such image"), "release")
ENVOY = a_container(running(), "envoy")
RUN = {naming.FORMATION_LABEL: "shop", naming.SCHEDULE_LABEL: "report"}


def owned_by(pod: Manifest, **changes: Any) -> Manifest:
    (owner,) = pod["metadata"]["ownerReferences"]
    return {**pod, "metadata": {**pod["metadata"], "ownerReferences": [{**owner, **changes}]}}


NOTHING_TO_TELL = {
    "it runs and is ready": a_pod(),
    "its init container has done its work": a_pod(init=(MIGRATED,)),
    "a release has succeeded": a_release_pod(DONE, status={"phase": "Succeeded"}),
    "that of a release is being deleted": a_release_pod(NO_IMAGE, deletionTimestamp=ago(1)),
}
NOT_OURS = {
    "a Job's": owned_by(a_pod(CRASHED), apiVersion="batch/v1", kind="Job", name="shop-worker-abc"),
    "another Deployment's": owned_by(a_pod(CRASHED), name="copy-abc"),
    "another type's": owned_by(a_pod(CRASHED), name="shop-web-abc"),
    "another API's": owned_by(a_pod(CRASHED), apiVersion="example.com/v1"),
    "one that is released": owned_by(a_pod(CRASHED), controller=False),
    "a bare one": a_pod(CRASHED, ownerReferences=[]),
    "one without any references": a_pod(CRASHED, ownerReferences=None),
    "another kind's than a Job": owned_by(a_release_pod(NO_IMAGE), kind="CronJob"),
    "another API's than Jobs": owned_by(a_release_pod(NO_IMAGE), apiVersion="example.com/v1"),
    "a bare one of a release": a_release_pod(NO_IMAGE, ownerReferences=None),
    "a ReplicaSet's of a run": owned_by(a_release_pod(NO_IMAGE, labels=RUN), kind="ReplicaSet"),
}


@pytest.mark.parametrize("raw", NOTHING_TO_TELL.values(), ids=NOTHING_TO_TELL)
def test_nothing_is_kept_of_a_pod_that_has_nothing_to_tell(raw: Manifest) -> None:
    assert pods.pod(raw) is None


@pytest.mark.parametrize("raw", NOT_OURS.values(), ids=NOT_OURS)
def test_a_pod_with_our_labels_that_nothing_of_ours_made_is_none_of_ours(raw: Manifest) -> None:
    assert pods.pod(raw) is None


ILL = {
    "it was evicted": a_pod(status={"phase": "Failed", "reason": "Evicted"}),
    "its init container still runs": a_pod(init=(a_container(running(), "migrate"),)),
}


@pytest.mark.parametrize("raw", ILL.values(), ids=ILL)
def test_a_pod_that_is_not_simply_well_is_kept(raw: Manifest) -> None:
    assert pods.pod(raw) is not None


def exit_of(container: Manifest) -> containers.Exit:
    """Return what is known of how a container ended."""
    (read,) = known(a_pod(container)).containers
    assert read.exit is not None
    return read.exit


def pending() -> Manifest:
    """Return one that waits for volumes and gates."""
    raw = a_pod(conditions=(condition("PodScheduled", status=False, reason="Unschedulable", message="full"),))
    claims = [{"persistentVolumeClaim": {"claimName": f"claim-{number}"}} for number in range(7)]
    raw["spec"] |= {"volumes": [{"emptyDir": {}}, *claims], "schedulingGates": [{"name": "a"}, {"name": "b"}]}
    return raw


TOLD = {
    "it has crashed": a_pod(CRASHED),
    "it has just ended, and not for the first time": a_pod(a_container(ended(7), last=ended(3))),
    "it waits": pending(),
    "the Pod of a run has failed": owned_by(
        a_release_pod(a_container(ended(3), "report"), status={"phase": "Failed"}, labels=RUN), name="by-hand"
    ),
}


@pytest.mark.parametrize("raw", TOLD.values(), ids=TOLD)
def test_what_tells_of_a_trouble_is_kept(raw: Manifest, snapshot: SnapshotAssertion) -> None:
    assert dataclasses.asdict(known(raw)) == snapshot


HELD = {
    "its init container runs": (a_release_pod(NO_IMAGE, init=(a_container(running(), "i"),)), ()),
    "it failed beside another": (a_release_pod(a_container(ended(3), "release"), ENVOY), ()),
    "a plain sidecar keeps it": (a_release_pod(DONE, ENVOY), ("envoy",)),
    "it is a process": (a_pod(DONE, ENVOY), ()),
}


@pytest.mark.parametrize(("raw", "held_by"), HELD.values(), ids=HELD)
def test_it_is_known_what_keeps_the_pod_of_a_release(raw: Manifest, held_by: tuple[str, ...]) -> None:
    assert known(raw).held_by == held_by


def test_a_pod_keeps_little_however_large_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        lenient, "shared", str
    )  # Python's own table of shared texts grows by megabytes at once

    def broken(number: int) -> Manifest:
        large = f"{number}" + "x" * 200_000
        containers = [a_container(ended(1, large), f"{large}{each}", command=[large]) for each in range(3)]
        volumes = [{"persistentVolumeClaim": {"claimName": f"{large}{each}"}} for each in range(9)]
        raw = a_pod(*containers, status={"nominatedNodeName": large})
        raw["spec"]["volumes"] = volumes
        return raw

    tracemalloc.start()
    kept = [pods.pod(broken(number)) for number in range(20)]
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert all(kept)
    assert size < 20 * 50_000, "one command alone has more"


def test_a_command_that_is_long_is_not_kept_rather_than_cut() -> None:
    fits = ["x" * (containers.LONGEST_COMMAND - 1)]
    for command, expected in ((fits, tuple(fits)), (["x" * containers.LONGEST_COMMAND], ())):
        assert exit_of(a_container(ended(0), command=command)).command == expected


def test_of_very_many_containers_the_first_are_looked_at() -> None:
    many = [a_container(ended(1), f"c{number}") for number in range(65)]
    assert len(known(a_pod(*many)).containers) == 64


@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [
        (137, "Error", 9),
        (143, "Error", 15),
        (129, "Error", 1),
        (159, "Error", 31),
        (128, "StartError", None),
        (129, "StartError", None),
    ]
    + [(code, "Error", None) for code in (0, 1, 127, 128, 160, 255)],
)
def test_a_signal_is_an_exit_code_above_128_of_a_program_that_was_started(
    code: int, reason: str, expected: int | None
) -> None:
    assert exit_of(a_container(ended(code, reason=reason))).signal == expected


@pytest.mark.parametrize("started", ["", None, "1970-01-01T00:00:00Z"])
def test_how_long_a_process_ran_is_nothing_where_nobody_knows(started: str | None) -> None:
    state = ended(1)
    state["terminated"]["startedAt"] = started
    assert exit_of(a_container(state)).seconds == 0


def test_a_long_message_is_kept_at_the_end_that_tells() -> None:
    log = "noise\n" * 2_000_000 + "the last words"
    refusal = "the first words" + " and so on" * 1_000_000
    crashed, refused = known(
        a_pod(a_container(ended(1, log)), a_container(waiting("ErrImagePull", refusal), "helper"))
    ).containers
    assert crashed.exit is not None
    assert crashed.exit.message.endswith("the last words")
    assert refused.message.startswith("the first words")
    assert len(crashed.exit.message) <= lenient.LONGEST_LOG
    assert len(refused.message) <= lenient.LONGEST


def test_a_new_version_of_a_pod_alone_is_no_news() -> None:
    pod = known(a_pod(CRASHED))
    assert watched.PODS.lane_of(pod, known(a_pod(CRASHED, resourceVersion="2"))) is None
    assert watched.PODS.lane_of(pod, known(a_pod(a_container(ended(1))))) is Lane.REPORT
    assert watched.PODS.lane_of(pod, None) is Lane.REPORT


# What must hold whatever a Pod says of itself


@given(broken_pods())
def test_no_pod_is_too_broken_to_be_read(raw: Manifest) -> None:
    pod = pods.pod(raw)
    if pod is not None:
        assert pod == pods.pod(copy.deepcopy(raw))
        assert all(len(text) <= lenient.LONGEST_LOG for text in texts(dataclasses.asdict(pod)))


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts(item)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:01:00Z", 60),
        ("1970-01-01T00:00:00.25Z", 0.25),
        ("1970-01-01T01:00:00+01:00", 0),
        ("0001-01-01T00:00:00Z", -62135596800),
        *((text, None) for text in (*TIMES[3:], "", None, "1970-01-01T00:00:00")),
    ],
)
def test_a_time_is_seconds_or_nothing(text: str | None, seconds: float | None) -> None:
    assert timestamps.epoch(text) == seconds
