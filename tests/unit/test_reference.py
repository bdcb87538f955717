"""The page that people look fields up in says what the CRD says."""

from typing import Any

import pytest

from crds.generate import __main__ as generator
from crds.generate import crd, snapshot
from crds.generate.rules import table
from formation_operator.api.formation import FormationSpec, ProcessType, RollingUpdate

PAGE = generator.REFERENCE.read_text()
[VERSION] = crd.build(snapshot.read())["spec"]["versions"]
SCHEMA: dict[str, Any] = VERSION["schema"]["openAPIV3Schema"]["properties"]


def test_the_committed_page_is_what_the_models_say() -> None:
    assert generator.reference_text() == PAGE, "run make crds"


@pytest.mark.parametrize("model", [FormationSpec, ProcessType, RollingUpdate])
def test_every_field_that_one_may_write_has_a_row_with_what_kubectl_explain_says(model: Any) -> None:
    for field in model.model_fields.values():
        description = field.description.replace("<", "&lt;")
        assert [
            line
            for line in PAGE.splitlines()
            if line.startswith(f"| `{field.alias}`") and description in line
        ]


def test_every_field_of_the_status_has_a_row() -> None:
    def names(node: dict[str, Any]) -> set[str]:
        if not node:
            return set()
        inner = [
            *node.get("properties", {}).values(),
            node.get("items", {}),
            node.get("additionalProperties", {}),
        ]
        return {*node.get("properties", {})}.union(*map(names, inner))

    assert {name for name in names(SCHEMA["status"]) if f"| `{name}` |" not in PAGE} == set()


def test_every_rule_is_among_what_is_refused() -> None:
    refused = PAGE.partition("## What is refused")[2]
    plain = [
        rule.says.replace("<", "&lt;") for _, rules in table.TABLE for rule in rules if "{" not in rule.says
    ]
    assert plain
    assert [says for says in plain if says not in refused] == []


def test_no_cell_breaks_its_table() -> None:
    tables = [line for line in PAGE.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in tables} == {3, 4}
