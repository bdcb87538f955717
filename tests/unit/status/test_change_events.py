"""Which changes are told by an Event, and in which words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from formation_operator.api import naming
from formation_operator.kube.notices import Notice, Recorder
from formation_operator.kube.objects import lenient
from formation_operator.status import change_events
from tests.shared.builders import a_formation, stored

RUNNING = {"state": "Running", "readyReplicas": 2, "desiredReplicas": 2}
STARTING = {"state": "Starting", "reason": "Progressing", "message": "1 of 2 available"}
CRASHING = {"state": "Crashing", "reason": "Exited", "message": "exited with code 1 (3 restarts)"}
AGAIN = {**CRASHING, "message": "exited with code 1 (4 restarts)"}
KILLED = {**CRASHING, "reason": "Killed", "message": "was ended by signal 9"}
PULLING = {"state": "Starting", "reason": "ImagePullFailed", "message": "can't pull its image"}
BLOCKED = {**RUNNING, "reason": "ReplicaFailure", "message": "Pods can't be created: quota"}
WAITING = {**RUNNING, "reason": "Paused", "message": "a change waits"}
UNKNOWN: dict[str, Any] = {"desiredReplicas": 2}


def told(before: dict[str, Any] | None, after: dict[str, Any]) -> list[Notice]:
    processes = {} if before is None else {"worker": before}
    return [*change_events.notices({"processes": processes}, {"processes": {"worker": after}})]


TOLD = {
    "it crashes": (RUNNING, CRASHING, "Crashing", True),
    "it ends in another way": (CRASHING, KILLED, "Crashing", True),
    "it begins with a crash": (None, CRASHING, "Crashing", True),
    "it can't start": (STARTING, PULLING, "ImagePullFailed", True),
    "it can't be scaled": (RUNNING, BLOCKED, "ReplicaFailure", True),
    "it runs again": (CRASHING, RUNNING, "Running", False),
    "it runs again beside the version before": (CRASHING, {**RUNNING, "readyReplicas": 3}, "Running", False),
    "a rollout begins": (RUNNING, STARTING, "Starting", False),
    "its count is 0": (RUNNING, {"state": "Idle"}, "Idle", False),
    "it is suspended": (RUNNING, {"state": "Suspended"}, "Suspended", False),
}


@pytest.mark.parametrize(("before", "after", "reason", "warning"), TOLD.values(), ids=TOLD)
def test_a_change_is_told(
    before: dict[str, Any] | None,
    after: dict[str, Any],
    reason: str,
    warning: bool,
    snapshot: SnapshotAssertion,
) -> None:
    (notice,) = told(before, after)
    assert (notice.reason, notice.warning) == (reason, warning)
    assert notice.note == snapshot


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(RUNNING, WAITING, id="a change waits because somebody wants it to"),
        pytest.param(CRASHING, AGAIN, id="it crashes once more"),
        pytest.param(None, STARTING, id="it begins"),
        pytest.param(None, RUNNING, id="it begins and runs at once"),
        pytest.param(UNKNOWN, RUNNING, id="the operator is new"),
        pytest.param(RUNNING, UNKNOWN, id="an older status"),
    ],
)
def test_what_is_no_news_is_not_told(before: dict[str, Any] | None, after: dict[str, Any]) -> None:
    assert told(before, after) == []


# How Events are folded

FORMATION = stored(a_formation())


def test_a_crash_loop_is_one_event_however_its_figures_change() -> None:
    recorder = Recorder()
    first = recorder.record(FORMATION, *told(RUNNING, CRASHING))
    assert "series" not in first
    again = recorder.record(FORMATION, *told(RUNNING, AGAIN))
    assert (again["metadata"], again["series"]["count"]) == (first["metadata"], 2)


@given(st.text(max_size=2000))
def test_a_note_is_as_long_as_the_api_takes(note: str) -> None:
    body = Recorder().record(FORMATION, Notice("Crashing", "Exited", note))
    assert len(body["note"].encode()) <= 1024
    assert body["note"] == lenient.shown(note)
    assert body["reportingController"] == naming.REPORTING_CONTROLLER


def warned(*sentences: str) -> dict[str, Any]:
    """Return a status that warns about commands."""
    written = {"observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z"}
    condition = {"type": "Daemonizing", "status": "True", "reason": "CommandLeavesForeground", **written}
    return {"conditions": [{**condition, "message": sentence} for sentence in sentences]}


@pytest.mark.parametrize("before", [{}, warned(), warned("web: cron goes into the background")])
def test_a_command_that_leaves_the_foreground_is_told_when_that_is_new(before: dict[str, Any]) -> None:
    sentence = "worker: cron goes into the background"
    (notice,) = change_events.notices(before, warned(sentence))
    assert (notice.reason, notice.note, notice.warning) == ("CommandLeavesForeground", sentence, True)


@pytest.mark.parametrize("after", [{}, warned(), warned("worker: cron goes into the background")])
def test_a_warning_about_a_command_is_not_told_again_nor_that_it_is_gone(after: dict[str, Any]) -> None:
    assert [*change_events.notices(warned("worker: cron goes into the background"), after)] == []
