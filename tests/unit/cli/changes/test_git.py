"""Who sets a field back that a command has changed, by who applies it."""

from typing import Any

import pytest

from formation_cli.changes import appliers


def hint(manager: str, operation: str = "Apply", *, field: str = "replicas") -> str:
    """Return what is said of a count of web that was changed, where somebody owns a field of web."""
    fields: dict[str, Any] = {"f:spec": {"f:processes": {"f:web": {f"f:{field}": {}}}}}
    entry = {"manager": manager, "operation": operation, "fieldsV1": fields}
    before, after = ({"processes": {"web": {"replicas": count}}} for count in (2, 5))
    return appliers.set_back({"metadata": {"managedFields": [entry]}, "spec": before}, {"spec": after})


@pytest.mark.parametrize(
    ("manager", "operation", "who"),
    [
        ("kustomize-controller", "Apply", "Flux"),
        ("argocd-controller", "Update", "Argo CD"),
        ("terraform", "Apply", "terraform"),
    ],
)
def test_a_pipeline_sets_a_count_back_that_git_says(manager: str, operation: str, who: str) -> None:
    assert hint(manager, operation).startswith(f"web: {who} sets it back at the next sync")


def test_a_count_that_git_leaves_out_is_ours() -> None:
    assert hint("kustomize-controller", field="command") == ""


@pytest.mark.parametrize(
    ("manager", "operation"), [("kubectl-edit", "Update"), ("kubectl", "Apply"), ("terraform", "Update")]
)
def test_who_has_only_edited_a_count_or_applies_by_hand_sets_nothing_back(
    manager: str, operation: str
) -> None:
    assert hint(manager, operation) == ""


def test_each_field_that_differs_has_a_path_and_so_has_each_variable() -> None:
    before = {
        "env": [{"name": "A", "value": "1"}, {"name": "B"}],
        "labels": {"a": "b"},
        "processes": {"env": {"image": "x", "env": [{"name": "C"}]}, "web": {"resources": {"a": 1}}},
        "schedules": {"report": {"command": ["old"]}},
    }
    after = {
        "env": [{"name": "A", "value": "2"}, {"name": "B"}],
        "processes": {"env": {"image": "y", "env": []}, "web": {"resources": {}}, "clock": {}},
        "schedules": {"report": {"command": ["new"]}},
    }
    assert [*appliers.changed(before, after)] == [
        ("spec", "env", '{"name":"A"}'),
        ("spec", "labels"),
        ("spec", "processes", "clock"),
        ("spec", "processes", "env", "env", '{"name":"C"}'),
        ("spec", "processes", "env", "image"),
        ("spec", "processes", "web", "resources"),
        ("spec", "schedules", "report", "command"),
    ]
