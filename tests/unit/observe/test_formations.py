"""What is kept of a Formation."""

import json
from typing import Any

import pytest

from formation_operator.controller import parsing
from formation_operator.observe import formations
from formation_operator.requeue import Lane
from tests.shared.builders import a_formation, stored
from tests.unit import largest
from tests.unit.sizes import bytes_of


def kept(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a Formation as it is kept that was read from an answer of the API server."""
    return formations.trimmed(json.loads(json.dumps(stored({**a_formation(), "spec": spec}))))


def test_a_large_spec_takes_little_more_memory_than_twice_what_it_is_counted_for() -> None:
    for shape in (largest.spread, largest.shared, largest.referring, largest.wordy):
        formation = kept(largest.within_bounds(shape)["spec"])
        assert bytes_of(formation["spec"]) < 1.8 * formation["spec_size"]


def test_a_status_alone_takes_the_spec_over_that_is_kept() -> None:
    spec = largest.within_bounds(largest.spread)["spec"]
    before = kept(spec)
    reported = {**stored({**a_formation(), "spec": spec}), "status": {"summary": "a"}}
    after = formations.trimmed(reported, before)
    assert after["spec"] is before["spec"]
    assert formations.status_of(after) == {"summary": "a"}
    assert formations.size_of(after) == formations.size_of(before) + len('"summary":"a"')
    assert formations.lane_of(before, after) is Lane.REPORT


def test_fields_that_a_watch_from_before_the_crd_changed_has_pruned_count_once_they_are_read() -> None:
    whole = a_formation(release={"command": ["/shop", "migrate"]})["spec"]
    pruned = kept({name: value for name, value in whole.items() if name != "release"})
    found = formations.trimmed(stored({**a_formation(), "spec": whole}), pruned)
    assert found["spec"] == whole
    assert found["reread"]
    assert formations.lane_of(pruned, found) is Lane.CHANGE
    reported = {**stored({**a_formation(), "spec": whole}), "status": {"summary": "a"}}
    again = formations.trimmed(reported, found)
    assert again["spec"] is found["spec"]
    assert again["reread"]
    assert formations.lane_of(found, again) is Lane.REPORT


def reported(**status: Any) -> dict[str, Any]:
    """Return what is kept of a status."""
    return formations.status_of(formations.trimmed({**stored(a_formation()), "status": status}))


def test_nothing_is_kept_of_a_status_that_is_larger_than_any_of_ours() -> None:
    small = {name: {"restarts": 1} for name in ("web", "worker")}
    large = {f"t{number}": {"restarts": number} for number in range(20_000)}
    assert reported(processes=small) == {"processes": small}
    assert reported(processes=large) == reported(summary=formations.MOST_REPORTED * "x") == {}
    assert reported(summary=json.loads(250 * "[" + 250 * "]")) == {}


def test_nothing_is_kept_of_the_conditions_of_others() -> None:
    ready = {"type": "Ready", "status": "True"}
    others = [{"type": f"others/{number}", "status": "True"} for number in range(20_000)]
    assert reported(conditions=[*others, ready, "odd"]) == {"conditions": [ready]}


ODD = [
    {"processes": [{"name": "web", "command": ["/shop"]}]},
    {"processes": ["web"]},
    {"processes": "web"},
    {"processes": 5},
    "a text",
    ["a list"],
    None,
]
"""Specs as an older schema, or none, may have let them be stored."""


@pytest.mark.parametrize("spec", ODD, ids=str)
def test_of_a_spec_that_no_schema_of_ours_allows_it_is_known_that_it_is_there_and_wrong(spec: Any) -> None:
    raw = {**stored(a_formation()), "spec": spec, "status": "a text"}

    formation = formations.trimmed(raw)

    assert formations.key_of(formation) == ("default", "shop")
    assert formations.child_keys(formation) == []
    assert formations.status_of(formation) == {}
    outline = formations.outlined(formation)
    assert formations.child_keys(outline) == []
    assert formations.trimmed(raw, outline) == formation, "as it is read again"
    with pytest.raises(parsing.UnreadableError, match=r"spec\.processes: .*correct the field"):
        parsing.parse(formation)


def test_a_formation_wants_the_names_of_its_schedules_too_also_where_nothing_else_is_kept_of_it() -> None:
    report = {"schedule": "@daily", "command": ["report"]}
    whole = kept({**a_formation()["spec"], "schedules": {"report": report}})
    status = {"schedules": {"report": {"state": "Failing", "message": "x", "active": 1}}}
    outline = formations.outlined({**whole, "status_text": json.dumps(status)})
    own = "shop-worker", "shop-report", "shop-worker-canary"
    names = [("default", name) for name in own]
    assert formations.child_keys(whole) == formations.child_keys(outline) == names
    assert formations.status_of(outline)["schedules"] == {"report": {"state": "Failing"}}
    too_large = kept({**a_formation()["spec"], "schedules": {"report": {**report, "args": ["x" * 2**19]}}})
    assert too_large["excess"]
    assert formations.child_keys(too_large) == names
