"""What is remembered of a Pod, and that no Pod can end a watch."""

import copy
import dataclasses
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_operator.api import naming
from formation_operator.kube.objects import containers, lenient, timestamps
from formation_operator.observe import pods
from formation_operator.requeue import Lane
from tests.builders import (
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

WELL = {
    "it runs and is ready": a_pod(),
    "its init container has done its work": a_pod(init=(MIGRATED,)),
    "its sidecar runs": a_pod(init=(a_container(running(), "proxy", restartPolicy="Always"),)),
    "it is being deleted": a_pod(CRASHED, deletionTimestamp=ago(1)),
}
ILL = {
    "it has crashed": a_pod(CRASHED),
    "it runs again after a crash": a_pod(a_container(running(), last=ended(1), restarts=1)),
    "it isn't ready": a_pod(a_container(running(), ready=False)),
    "its own condition isn't met": a_pod(conditions=(condition("Ready", status=False),)),
    "nothing is known about it yet": a_pod(conditions=(), status={"containerStatuses": []}),
    "it was evicted": a_pod(status={"phase": "Failed", "reason": "Evicted"}),
    "its init container still runs": a_pod(init=(a_container(running(), "migrate"),)),
    "its init container needed two tries": a_pod(init=(a_container(ended(0), "migrate", restarts=1),)),
}


@pytest.mark.parametrize("raw", WELL.values(), ids=WELL)
def test_nothing_is_kept_of_a_pod_that_has_nothing_to_tell(raw: Manifest) -> None:
    assert pods.pod(raw) is None


@pytest.mark.parametrize("raw", ILL.values(), ids=ILL)
def test_a_pod_that_is_not_simply_well_is_kept(raw: Manifest) -> None:
    assert pods.pod(raw) is not None


def owned_by(**changes: Any) -> Manifest:
    pod = a_pod(CRASHED)
    (owner,) = pod["metadata"]["ownerReferences"]
    return a_pod(CRASHED, ownerReferences=[{**owner, **changes}])


OTHERS = {
    "a Job's": owned_by(apiVersion="batch/v1", kind="Job", name="shop-worker-abc"),
    "another Deployment's": owned_by(name="copy-abc"),
    "another type's": owned_by(name="shop-web-abc"),
    "another API's": owned_by(apiVersion="example.com/v1"),
    "one that is released": owned_by(controller=False),
    "a bare one": a_pod(CRASHED, ownerReferences=[]),
    "one without any references": a_pod(CRASHED, ownerReferences=None),
}


@pytest.mark.parametrize("raw", OTHERS.values(), ids=OTHERS)
def test_a_pod_with_our_labels_that_no_deployment_of_a_formation_made_is_no_process(raw: Manifest) -> None:
    assert pods.pod(raw) is None


WORK = a_container(running(), "release")
DONE = a_container(ended(0), "release")
NO_IMAGE = a_container(waiting("ImagePullBackOff", "no such image"), "release")
ENVOY = a_container(running(), "envoy")
RELEASES = {
    "its image isn't there": (a_release_pod(NO_IMAGE), ()),
    "its init container runs": (a_release_pod(NO_IMAGE, init=(a_container(running(), "i"),)), ()),
    "it failed": (a_release_pod(a_container(ended(3), "release"), status={"phase": "Failed"}), ()),
    "it failed beside another": (a_release_pod(a_container(ended(3), "release"), ENVOY), ()),
    "a plain sidecar keeps it": (a_release_pod(DONE, ENVOY), ("envoy",)),
    "a native sidecar is about to be ended": (
        a_release_pod(DONE, init=(a_container(running(), "proxy", restartPolicy="Always"),)),
        (),
    ),
}


@pytest.mark.parametrize(("raw", "held_by"), RELEASES.values(), ids=RELEASES)
def test_of_the_pod_of_a_release_is_known_what_keeps_it(raw: Manifest, held_by: tuple[str, ...]) -> None:
    pod = known(raw)
    assert (pod.job, pod.process_type) == ("shop-release-abcdefghij", "release")
    assert pod.held_by == held_by


WELL_RELEASES = {
    "it runs": a_release_pod(WORK),
    "it runs beside a plain sidecar": a_release_pod(WORK, ENVOY),
    "it has succeeded": a_release_pod(DONE, status={"phase": "Succeeded"}),
    "it is being deleted": a_release_pod(NO_IMAGE, deletionTimestamp=ago(1)),
}


@pytest.mark.parametrize("raw", WELL_RELEASES.values(), ids=WELL_RELEASES)
def test_nothing_is_kept_of_the_pod_of_a_release_that_has_nothing_to_tell(raw: Manifest) -> None:
    assert pods.pod(raw) is None


def of_job(**changes: Any) -> Manifest:
    (owner,) = a_release_pod()["metadata"]["ownerReferences"]
    return a_release_pod(NO_IMAGE, ownerReferences=[{**owner, **changes}])


NO_RELEASES = {
    "another kind's": of_job(kind="CronJob"),
    "another API's": of_job(apiVersion="example.com/v1"),
    "a bare one": a_release_pod(NO_IMAGE, ownerReferences=None),
}


@pytest.mark.parametrize("raw", NO_RELEASES.values(), ids=NO_RELEASES)
def test_a_pod_with_our_labels_that_no_job_of_a_release_made_is_no_release(raw: Manifest) -> None:
    assert pods.pod(raw) is None


def test_a_process_is_no_release_and_nothing_keeps_it() -> None:
    pod = known(a_pod(DONE, ENVOY))
    assert (pod.job, pod.held_by) == ("", ())


def test_a_pod_keeps_little_however_large_it_is() -> None:
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
        (container,) = known(a_pod(a_container(ended(0), command=command))).containers
        assert container.exit is not None
        assert container.exit.command == expected


def test_of_very_many_containers_the_first_are_looked_at() -> None:
    many = [a_container(ended(1), f"c{number}") for number in range(containers.MOST + 1)]
    assert len(known(a_pod(*many)).containers) == containers.MOST


def test_what_tells_of_a_crash_is_kept() -> None:
    pod = known(a_pod(CRASHED))
    (container,) = pod.containers
    assert (pod.formation, pod.process_type, pod.template) == ("shop", "worker", "abc")
    assert (pod.restarts, container.waiting, container.checks) == (
        2,
        "CrashLoopBackOff",
        ("liveness", "postStart"),
    )
    assert container.exit is not None
    assert (container.exit.code, container.exit.message) == (3, "no database")
    assert (container.exit.memory_limit, container.exit.seconds) == ("64Mi", 60)
    assert container.exit.command == ("serve", "-v")


def test_a_command_that_is_too_long_to_be_judged_is_not_kept() -> None:
    kept = {length: known(a_pod(serving("x" * length))).containers[0].exit for length in (100, 100_000)}
    assert [len(each.command) for each in kept.values() if each] == [2, 0]


def serving(argument: str) -> Manifest:
    return {**CRASHED, "spec": {**CRASHED["spec"], "command": ["serve", argument], "args": []}}


def test_a_container_that_ended_just_now_tells_that_and_not_the_time_before() -> None:
    (container,) = known(a_pod(a_container(ended(7), last=ended(3)))).containers
    assert container.exit is not None
    assert container.exit.code == 7
    assert container.ended


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
    (container,) = known(a_pod(a_container(ended(code, reason=reason)))).containers
    assert container.exit is not None
    assert container.exit.signal == expected


@pytest.mark.parametrize("started", ["", None, "1970-01-01T00:00:00Z"])
def test_how_long_a_process_ran_is_nothing_where_nobody_knows(started: str | None) -> None:
    state = ended(1)
    state["terminated"]["startedAt"] = started
    (container,) = known(a_pod(a_container(state))).containers
    assert container.exit is not None
    assert container.exit.seconds == 0


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


def test_of_all_containers_no_more_words_are_kept_than_kubelet_gives() -> None:
    crashed = known(a_pod(*(a_container(ended(1, 2000 * "x"), f"c{each}") for each in range(64))))
    said = [len(each.exit.message) for each in crashed.containers if each.exit is not None]
    assert said == 6 * [2000] + 58 * [0]


def test_what_is_longer_than_any_word_for_programs_is_cut() -> None:
    (container,) = known(a_pod(a_container(waiting(5000 * "x"), last=ended(1, reason=5000 * "x")))).containers
    assert container.exit is not None
    assert len(container.waiting) == len(container.exit.reason) == lenient.LONGEST_WORD


def test_a_new_version_of_a_pod_alone_is_no_news() -> None:
    pod = known(a_pod(CRASHED))
    assert pods.lane_of(pod, known(a_pod(CRASHED, resourceVersion="2"))) is None
    assert pods.lane_of(pod, known(a_pod(a_container(ended(1))))) is Lane.REPORT
    assert pods.lane_of(pod, None) is Lane.REPORT


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


@given(st.text())
def test_a_line_is_one_line_that_a_terminal_shows_as_it_is(text: str) -> None:
    line = lenient.in_one_line(text)
    assert line.isprintable()
    assert lenient.in_one_line(line) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain  words", "plain  words"),
        ("\x1b[31;1mError\x1b[0m: no\ttable", "Error: no table"),
        ("two\r\nlines\x00", "two lines"),
    ],
)
def test_a_line_keeps_the_words(text: str, line: str) -> None:
    assert lenient.in_one_line(text) == line


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


def test_the_pod_of_a_run_is_known_by_its_schedule_and_its_job_whatever_that_is_called() -> None:
    raw = a_release_pod(a_container(ended(3), "report"), status={"phase": "Failed"})
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "by-hand", "controller": True}
    labels = {naming.FORMATION_LABEL: "shop", naming.SCHEDULE_LABEL: "report"}
    raw["metadata"] |= {"labels": labels, "ownerReferences": [owner]}
    pod = pods.pod(raw)
    assert pod is not None
    assert (pod.process_type, pod.job, pod.formation) == ("report", "by-hand", "shop")
    raw["metadata"]["ownerReferences"] = [{**owner, "kind": "ReplicaSet"}]
    assert pods.pod(raw) is None
