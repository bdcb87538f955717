"""A status is read back through the model: one that doesn't fit is empty, and nothing in it ends a pass."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_operator.api import formation_status
from formation_operator.api.formation_status import FormationStatus

EXIT = {
    "exitCode": 1,
    "reason": "Exited",
    "message": "exited with code 1",
    "finishedAt": "2026-01-01T00:00:00Z",
}
WORKER = {"state": "Running", "desiredReplicas": 2, "readyReplicas": 2, "lastExit": EXIT}
READY = {
    "type": "Ready",
    "status": "True",
    "observedGeneration": 3,
    "lastTransitionTime": "2026-01-01T00:00:00Z",
    "reason": "Running",
    "message": "all process types run as declared",
}
STATUS = {"observedGeneration": 3, "conditions": [READY], "processes": {"worker": WORKER}}


def read(status: dict[str, Any]) -> FormationStatus:
    return formation_status.read(status)


def written(status: Any) -> dict[str, Any]:
    return read(status).model_dump(by_alias=True, exclude_none=True)


def test_what_the_operator_wrote_is_read_whole() -> None:
    assert written(STATUS) == STATUS


def test_fields_of_a_newer_operator_are_ignored() -> None:
    newer = {
        **STATUS,
        "version": 7,
        "conditions": [{**READY, "severity": "Info"}],
        "processes": {"worker": {**WORKER, "release": "v2", "lastExit": {**EXIT, "core": True}}},
    }
    assert written(newer) == STATUS


ODD: dict[str, Any] = {
    "a figure that is a text": {"processes": {"worker": {**WORKER, "desiredReplicas": "2"}}},
    "a figure that is none": {"processes": {"worker": {**WORKER, "desiredReplicas": True}}},
    "a figure with a point": {"processes": {"worker": {**WORKER, "desiredReplicas": 5.0}}},
    "a count below zero": {"processes": {"worker": {**WORKER, "desiredReplicas": -1}}},
    "a count that no Deployment can have": {"processes": {"worker": {**WORKER, "resumeReplicas": 2**31}}},
    "an exit code that is a word": {
        "processes": {"worker": {**WORKER, "lastExit": {**EXIT, "exitCode": "one"}}}
    },
    "a condition that lacks a field": {"conditions": [{"type": "Ready", "status": "True"}]},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_status_that_does_not_fit_counts_as_empty(odd: dict[str, Any]) -> None:
    assert read({**STATUS, **odd}) == FormationStatus()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=3), inside, max_size=3),
    max_leaves=6,
)


def mutated(value: Any) -> st.SearchStrategy[Any]:
    """Return JSON as it may be after anybody's hand was in it: each part may be another."""
    if isinstance(value, dict):
        fields = {key: mutated(item) for key, item in value.items()}
        return st.fixed_dictionaries({}, optional=fields) | JSON
    return (
        st.lists(mutated(value[0]), max_size=3) | JSON if isinstance(value, list) else st.just(value) | JSON
    )


@given(mutated(STATUS))
def test_whatever_anybody_has_written_can_be_read(status: Any) -> None:
    count = read(status if isinstance(status, dict) else {"processes": status}).process("worker").count
    assert count is None or count >= 0
