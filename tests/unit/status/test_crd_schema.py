"""An operator that is newer than the CRD writes what that declares, and says what it lacks."""

from typing import Any

import pytest

from formation_operator.status import crd_schema
from tests.unit.facts import NOW, seen, status_of
from tests.unit.schemas import CONDITION, PRESENT, PROCESS, REVISION, older

STATUS = status_of(seen(), {}, NOW)


def test_the_present_crd_lacks_nothing() -> None:
    assert [*crd_schema.lacking(PRESENT)] == []
    assert crd_schema.fitting(STATUS, PRESENT) == STATUS


@pytest.mark.parametrize("schema", [{}, {"properties": {"status": {}}}, {"properties": {"status": None}}])
def test_where_no_schema_is_known_everything_is_written(schema: dict[str, Any]) -> None:
    found = crd_schema.of_status(schema)
    assert crd_schema.fitting(STATUS, found) == STATUS
    assert [*crd_schema.lacking(found)] == []


def test_a_field_that_an_older_crd_lacks_is_named_and_left_out() -> None:
    schema = older(
        (*PROCESS, "state"), ("summary",), (*CONDITION, "observedGeneration"), (*REVISION, "ready")
    )
    assert [*crd_schema.lacking(schema)] == [
        "status.summary",
        "status.conditions.observedGeneration",
        "status.revision.ready",
        "status.processes.*.state",
    ]
    written = crd_schema.fitting(STATUS, schema)
    assert "summary" not in written
    assert "state" not in written["processes"]["worker"]
    assert written["processes"]["worker"]["readyReplicas"] == 2
    assert "observedGeneration" not in written["conditions"][0]
    assert written["observedGeneration"] == 3
