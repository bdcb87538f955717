"""What is wrong with a Pod, and when that may change."""

import dataclasses
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from formation_operator.api.reasons import Reason, State
from formation_operator.diagnose import diagnosis, pod_events
from formation_operator.diagnose.finding import SEVERITY, Finding
from formation_operator.diagnose.pod_events import PodEvent
from formation_operator.diagnose.waits import LOG_IN, TOO_OFTEN
from formation_operator.kube.objects import lenient
from formation_operator.observe import pods
from formation_operator.observe.pods import Pod
from tests.shared.builders import (
    NOW,
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
from tests.unit.broken_pods import broken_pods
from tests.unit.facts import known
from tests.unit.troubles import (
    BACK_OFF,
    CASES,
    MADE,
    MAKING,
    ON_ITS_NODE,
    PROBE,
    SLOW,
    STARTING,
    UNREADY,
    Case,
    a_crash,
    an_event,
    crashes,
    fails_its_probe,
    killed,
    unready,
    waits,
)


def asked_about(pod: Pod, now: float) -> bool:
    return diagnosis.needs_events(pod, now, diagnosis.finding(pod, now))


def trouble(raw: Manifest, *events: PodEvent) -> Finding:
    """Return what is wrong with a Pod, which isn't well."""
    found = diagnosis.finding(known(raw), NOW, events)
    assert found is not None
    return found


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_trouble_has_its_state_its_reason_and_its_words(case: Case, snapshot: SnapshotAssertion) -> None:
    found = trouble(case.raw, *case.events)
    assert (found.state, found.reason, found.lasting) == (case.state, case.reason, case.lasting)
    assert found.message == snapshot


def test_what_ends_well_in_the_pod_of_a_job_is_no_trouble() -> None:
    command, beside = a_container(running(), "release"), a_container(ended(0, ran=1), "helper")
    assert diagnosis.finding(known(a_release_pod(command, beside, conditions=UNREADY)), NOW) is None


def test_what_fails_in_the_pod_of_a_job_is_its_trouble() -> None:
    for name, words in (("release", "exited with code 3"), ("helper", "container helper exited with code 3")):
        assert trouble(a_release_pod(a_container(ended(3), name))).message == words


@pytest.mark.parametrize("message", ['exec: "gunicorm": not found', "no device"])
def test_a_program_that_cannot_be_started_is_the_same_trouble_before_and_after_it_counts_as_an_exit(
    message: str,
) -> None:
    ended_so = ended(128, message, reason="StartError")
    then = trouble(a_pod(a_container(BACK_OFF, last=ended_so)))
    assert dataclasses.replace(then, last="") == trouble(waits("RunContainerError", message))


@pytest.mark.parametrize("said", ["no such artifact", ""])
def test_a_wait_for_a_reason_that_nobody_has_heard_of_is_told_in_kubelets_words(said: str) -> None:
    found = diagnosis.finding(known(waits("NoArtifact", said)), NOW)
    assert found == Finding(STARTING, "NoArtifact", f"can't start: {said or 'NoArtifact'}")


NOT_FOUND = 'failed to resolve reference "shop:v9": shop:v9: not found'


@pytest.mark.parametrize(
    ("said", "way_out"),
    [
        (NOT_FOUND, "check its name and its tag"),
        ("no match for platform in manifest: not found", "it isn't built for this node's kind of machine"),
        ("HEAD https://shop: 401 Unauthorized", LOG_IN),
        ("pull access denied: authorization failed", LOG_IN),
        ("429 Too Many Requests: denied: slow down", TOO_OFTEN),
        ("tls: x509: unknown authority", "its node doesn't trust the certificate of its registry"),
        ("dial tcp: no such host", ""),
    ],
)
def test_an_image_that_can_not_be_pulled_is_told_with_what_to_do(said: str, way_out: str) -> None:
    for message in (said, f'Back-off pulling image "shop:v9": ErrImagePull: {RPC}{said}'):
        found = trouble(waits("ErrImagePull", message))
        assert found.message == f"can't pull its image: {said}" + (f": {way_out}" if way_out else "")


RPC = "rpc error: code = NotFound desc = "


@pytest.mark.parametrize("code", [0, 137, 143])
def test_a_probe_that_failed_before_explains_an_end_that_looks_asked_for(code: int) -> None:
    found = trouble(crashes(livenessProbe=PROBE, code=code), killed("liveness", before=300))
    assert found.reason == Reason.LIVENESS_PROBE_FAILED


@pytest.mark.parametrize(
    ("conditions", "event"),
    [
        pytest.param(MAKING, an_event("FailedMount", "failed to sync configmap cache"), id="its volumes"),
        pytest.param(MAKING, an_event("FailedCreatePodSandBox", "no network yet"), id="its network"),
        pytest.param(ON_ITS_NODE, an_event("FailedScheduling", "0/3 nodes are available"), id="its node"),
    ],
)
def test_what_was_in_the_way_before_an_image_is_pulled_is_not_told_as_being_so_now(
    conditions: tuple[Manifest, ...], event: PodEvent
) -> None:
    pod = known(a_pod(a_container(waiting("ContainerCreating")), conditions=conditions))
    found = diagnosis.finding(pod, NOW, (event,))
    assert found is None or found.reason == Reason.PROGRESSING


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        (a_pod(a_container(waiting("ContainerCreating")), conditions=(MADE, unready(29))), 1),
        (a_pod(a_container(waiting("ContainerCreating")), conditions=(MADE, unready(30))), None),
        (
            a_pod(
                a_container(waiting("PodInitializing")),
                init=(a_container(ended(0, before=20), "migrate"),),
                conditions=(MADE, unready(60)),
            ),
            10,
        ),
    ],
    ids=["for a moment", "for long", "since its init container has ended"],
)
def test_containers_may_be_in_the_making_for_a_while(raw: Manifest, seconds: float | None) -> None:
    pod = known(raw)
    assert diagnosis.changes_in(pod, NOW) == seconds
    assert (diagnosis.finding(pod, NOW) is None) == (seconds is not None)


def test_a_container_that_waits_for_one_that_runs_is_not_taken_for_one_whose_image_is_pulled() -> None:
    proxy = a_container(running(40), "proxy", ready=False, restartPolicy="Always", startupProbe=SLOW)
    raw = a_pod(a_container(waiting("PodInitializing")), init=(proxy,), conditions=MAKING)
    assert diagnosis.finding(known(raw), NOW) is None


def test_a_graver_trouble_of_another_container_hides_nothing_of_the_process_itself() -> None:
    broken = a_container(waiting("InvalidImageName", "no name"), "helper", ready=False)
    pod = a_pod(a_crash(code=137, livenessProbe=PROBE), broken, conditions=UNREADY)
    found = trouble(pod, killed("liveness"))
    assert found.beside is not None
    assert (found.own, found.beside.own) == (False, True)
    assert found.beside.reason == Reason.LIVENESS_PROBE_FAILED


def test_a_crash_tells_when_and_how_often() -> None:
    found = trouble(a_pod(a_crash(), a_crash(name="helper", restarts=3)))
    assert (found.restarts, found.last) == (5, ago(5))


QUIET = {
    "it is being created": a_pod(
        a_container(waiting("ContainerCreating")), conditions=(condition("Ready", status=False, since=9),)
    ),
    "its init container has run for a moment": a_pod(
        a_container(waiting("PodInitializing")), init=(a_container(running(9), "migrate"),)
    ),
    "it has been unready for a moment": a_pod(
        a_container(running(), ready=False, started=True, readinessProbe=PROBE),
        conditions=(condition("Ready", status=False, since=9),),
    ),
    "it crashed again and has run for twice as long": crashes(running(60), ready=True),
    "it was evicted long ago": a_pod(
        conditions=(condition("Ready", status=False, since=600),),
        status={"phase": "Failed", "reason": "Evicted"},
        creationTimestamp=ago(700),
    ),
}


@pytest.mark.parametrize("raw", QUIET.values(), ids=QUIET)
def test_nothing_is_said_of_what_may_still_become_well_by_itself(raw: Manifest) -> None:
    assert diagnosis.finding(known(raw), NOW) is None


# When the API server is asked for Events

ASKED = {
    "a container that kubelet may have ended": crashes(livenessProbe=PROBE),
    "a volume that may be missing": waits("ContainerCreating"),
    "a probe that fails": fails_its_probe(),
    "an image whose registry may need a Secret": waits("ErrImagePull", "denied"),
}


@pytest.mark.parametrize("raw", ASKED.values(), ids=ASKED)
def test_events_are_asked_for_where_only_they_can_tell(raw: Manifest) -> None:
    assert asked_about(known(raw), NOW)


BEING_PULLED = a_pod(a_container(waiting("ContainerCreating")), conditions=MAKING)


@pytest.mark.parametrize("raw", [*QUIET.values(), crashes(), BEING_PULLED])
def test_events_are_not_asked_for_where_all_is_said_or_nothing_is_wrong(raw: Manifest) -> None:
    assert not asked_about(known(raw), NOW)


# When it may change by itself

EVICTED = a_pod(
    conditions=(condition("Ready", status=False, since=9),),
    status={"phase": "Failed", "reason": "Evicted"},
    creationTimestamp=ago(39),
)


TRUSTED = {
    "a minute at most after one crash": (
        crashes(running(9), ready=True, restarts=1, last=ended(1, ran=400, before=10)),
        51,
    ),
    "ten minutes at most": (crashes(running(9), ready=True, last=ended(1, ran=400, before=10)), 591),
    "a good day's work": (crashes(running(9), ready=True, last=ended(1, ran=600, before=10)), 1),
    "a new Pod": (QUIET["it is being created"], 1),
    "it waits": (crashes(), None),
    "a process that was started just now": (a_pod(a_container(running(4), ready=False)), 6),
    "an evicted Pod that had run for 30 s": (EVICTED, 51),
    "a Pod that failed at once": (
        a_pod(conditions=(), status={"phase": "Failed"}, creationTimestamp=ago(9)),
        1,
    ),
}


@pytest.mark.parametrize(("raw", "seconds"), TRUSTED.values(), ids=TRUSTED)
def test_trust_takes_time(raw: Manifest, seconds: float | None) -> None:
    assert diagnosis.changes_in(known(raw), NOW) == seconds


@pytest.mark.parametrize(("seconds", "told_of"), [(9, False), (10, True)])
def test_after_ten_seconds_it_is_asked_why_a_process_is_not_ready(seconds: float, told_of: bool) -> None:
    raw = fails_its_probe(seconds=seconds)
    assert asked_about(known(raw), NOW) == told_of
    since = (condition("Ready", status=False, since=seconds, message="by order"),)
    assert (diagnosis.finding(known(a_pod(conditions=since)), NOW) is not None) == told_of


@pytest.mark.parametrize(
    ("seconds", "probes", "told_of"),
    [
        (29, {"startupProbe": PROBE, "started": False}, False),
        (30, {"startupProbe": PROBE, "started": False, "readinessProbe": SLOW}, True),
        (30, {"readinessProbe": PROBE}, True),
        (99, {"readinessProbe": SLOW, "startupProbe": PROBE}, False),
        (100, {"readinessProbe": SLOW, "startupProbe": PROBE}, True),
    ],
)
def test_a_probe_fails_when_all_its_first_tries_may_have(
    seconds: float, probes: dict[str, Any], told_of: bool
) -> None:
    since = (condition("Ready", status=False, since=seconds),)
    container = a_container(running(seconds), ready=False, **{"started": True, **probes})
    pod = known(a_pod(container, conditions=since))
    assert (diagnosis.finding(pod, NOW) is not None) == told_of
    assert told_of or diagnosis.changes_in(pod, NOW) == 1


@pytest.mark.parametrize(
    ("event", "told_of"),
    [
        (an_event("Unhealthy", "Readiness probe failed: ", 10), True),
        (an_event("Unhealthy", "Readiness probe failed: EOF", 13), False),
        (an_event("Unhealthy", "Startup probe failed: EOF", 10), False),
    ],
    ids=["it failed", "it failed for the process before", "another one failed"],
)
def test_a_probe_fails_as_soon_as_kubelet_says_so(event: PodEvent, told_of: bool) -> None:
    pod = known(a_pod(a_container(running(12), ready=False, started=True, readinessProbe=SLOW)))
    found = diagnosis.finding(pod, NOW, (event,))
    assert (found.message if found else "") == ("runs, but its readiness probe fails" if told_of else "")


STATES = st.one_of(
    st.integers(-30, 2000).map(running),
    st.sampled_from([BACK_OFF, waiting("ContainerCreating"), waiting("ErrImagePull", "no such host")]),
    st.builds(ended, st.sampled_from([0, 1, 137]), ran=st.integers(0, 900), before=st.integers(0, 900)),
)
CONTAINERS = st.builds(
    a_container,
    STATES,
    last=st.none() | st.builds(ended, st.sampled_from([0, 1, 143]), ran=st.integers(0, 900)),
    restarts=st.integers(0, 3),
    ready=st.booleans(),
    started=st.booleans(),
    readinessProbe=st.sampled_from([None, PROBE, SLOW]),
    livenessProbe=st.sampled_from([None, PROBE]),
)
READINESS = st.builds(condition, st.just("Ready"), st.booleans(), since=st.integers(-30, 900))
SET_UP = st.builds(condition, st.just("PodReadyToStartContainers"), st.booleans())
PODS = st.builds(
    a_pod,
    CONTAINERS,
    conditions=st.tuples(READINESS, SET_UP),
    status=st.sampled_from([{}, {"phase": "Failed", "reason": "Evicted"}]),
)


@given(PODS, st.integers(0, 3000))
def test_nothing_changes_by_itself_sooner_than_foretold(raw: Manifest, later: int) -> None:
    pod = pods.pod(raw)
    assume(pod is not None)
    assert pod is not None
    wait = diagnosis.changes_in(pod, NOW)
    assert wait is None or wait > 0
    if wait is None or later < wait:
        assert diagnosis.finding(pod, NOW + later) == diagnosis.finding(pod, NOW)
        assert asked_about(pod, NOW + later) == asked_about(pod, NOW)


# What must hold whatever is recorded

EVENTS = st.builds(
    lambda reason, note, since: pod_events.pod_event({"reason": reason, "note": note, "eventTime": since}),
    st.sampled_from(["Killing", "Unhealthy", "FailedMount", "FailedPostStartHook", "", None]) | st.text(),
    st.sampled_from(["Container worker failed liveness probe", "Readiness probe failed:", None]) | st.text(),
    st.sampled_from([ago(5), ago(300), "", None]) | st.text(),
)


@given(PODS | broken_pods(), st.lists(EVENTS, max_size=4), st.floats(-1e12, 1e12) | st.just(NOW))
def test_every_pod_is_well_or_has_a_state_a_reason_and_a_short_line(
    raw: Manifest, events: list[PodEvent], now: float
) -> None:
    pod = pods.pod(raw)
    assume(pod is not None)
    assert pod is not None
    found = diagnosis.finding(pod, now, events)
    asked_about(pod, now)
    wait = diagnosis.changes_in(pod, now)
    assert wait is None or wait > 0
    assert found is None or sound(found)


def sound(found: Finding) -> bool:
    assert found.state in SEVERITY
    assert found.reason
    assert found.message.isprintable()
    assert len(found.message) < 2 * lenient.LONGEST + 200
    return True


def test_the_words_for_programs_are_single_words() -> None:
    assert [word for word in [*Reason, *State] if not word.isalnum()] == []


def test_of_a_probe_whose_command_fails_only_the_cause_is_said() -> None:
    trace = 'Traceback (most recent call last):\n  File "a.py", line 2, in f\n    g(1)\n    ^^^^\n'
    note = f"Readiness probe failed: {trace * 3}TimeoutError: timeout expired\n"
    event = pod_events.pod_event({"type": "Warning", "reason": "Unhealthy", "note": note})
    assert pod_events.probe_says("readiness", [event]) == ": TimeoutError: timeout expired"
