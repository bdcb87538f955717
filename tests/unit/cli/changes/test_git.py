"""Who sets a field back that a command has changed, by who applies it."""

import json
from typing import Any

import pytest

from formation_cli.changes import appliers


def hint(manager: str, operation: str) -> str:
    """Return what is said of a count of web that was changed, where somebody owns a field of web."""
    fields: dict[str, Any] = {"f:spec": {"f:processes": {"f:web": {"f:replicas": {}}}}}
    entry = {"manager": manager, "operation": operation, "fieldsV1": fields}
    before, after = ({"processes": {"web": {"replicas": count}}} for count in (2, 5))
    return " ".join(
        appliers.set_back({"metadata": {"managedFields": [entry]}, "spec": before}, {"spec": after})
    )


@pytest.mark.parametrize(
    ("manager", "operation", "who"),
    [("argocd-controller", "Update", "Argo CD"), ("terraform", "Apply", "terraform")],
)
def test_a_pipeline_sets_a_count_back_that_git_says(manager: str, operation: str, who: str) -> None:
    assert hint(manager, operation).startswith(f"web: {who} sets it back at the next sync")


@pytest.mark.parametrize(
    ("manager", "operation"), [("kubectl-edit", "Update"), ("kubectl", "Apply"), ("terraform", "Update")]
)
def test_who_has_only_edited_a_count_or_applies_by_hand_sets_nothing_back(
    manager: str, operation: str
) -> None:
    assert hint(manager, operation) == ""


APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
FILE: dict[str, Any] = {
    "image": "shop:v1",
    "env": [{"name": "LEVEL", "value": "info"}, {"name": "KEPT"}],
    "processes": {"web": {"replicas": 2, "command": ["/shop"]}, "worker": {}},
}


def after_apply(applied: Any, **changes: Any) -> list[str]:
    """Return what is said of changes to what runs, where somebody has applied something by kubectl."""
    annotations = {APPLIED: applied if isinstance(applied, str) else json.dumps(applied)}
    before = {"metadata": {"annotations": annotations}, "spec": FILE}
    return appliers.set_back(before, {"spec": {**FILE, **changes}})


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"image": "shop:v2"}, "image"),
        ({"env": [{"name": "LEVEL", "value": "debug"}, {"name": "KEPT"}]}, "env"),
        ({"env": [{"name": "LEVEL", "value": "info"}]}, "env"),
        ({"env": [*FILE["env"], {"name": "NEW", "value": "1"}]}, "env"),
        ({"processes": {**FILE["processes"], "web": {"replicas": 3, "command": ["/shop"]}}}, "web"),
    ],
)
def test_what_the_applied_file_says_otherwise_is_undone_by_the_next_apply(
    changes: dict[str, Any], what: str
) -> None:
    assert after_apply({"spec": FILE}, **changes) == [f"{what}: {appliers.FILE}"]


@pytest.mark.parametrize(
    ("applied", "changes"),
    [
        ({"spec": {**FILE, "image": "shop:v2"}}, {"image": "shop:v2"}),  # as when somebody goes back to it
        ({"spec": {"processes": {"worker": {}}}}, {"image": "shop:v2"}),
        ({"spec": {"image": "shop:v1"}}, {"env": [*FILE["env"], {"name": "NEW", "value": "1"}]}),
        ({"spec": FILE}, {"processes": {**FILE["processes"], "worker": {"replicas": 3}}}),
    ],
)
def test_what_the_applied_file_says_too_or_leaves_out_stays(applied: Any, changes: dict[str, Any]) -> None:
    assert after_apply(applied, **changes) == []


@pytest.mark.parametrize(
    "applied",
    ["", "{", "[1]", '{"spec": 7}', '{"spec": {"image": {}}}', '{"a":' * 9999, '{"spec": {"env": 7}}'],
)
def test_what_is_no_file_says_nothing_or_what_it_can_and_ends_no_command(applied: str) -> None:
    assert len(after_apply(applied, image="shop:v2", env=[])) <= 1


def test_git_is_named_in_place_of_the_file_that_it_applied() -> None:
    entry = {"manager": "argocd-controller", "operation": "Update", "fieldsV1": {"f:spec": {"f:image": {}}}}
    annotations = {APPLIED: json.dumps({"spec": FILE})}
    before = {"metadata": {"managedFields": [entry], "annotations": annotations}, "spec": FILE}
    (sentence,) = appliers.set_back(before, {"spec": {**FILE, "image": "shop:v2"}})
    assert sentence.startswith("image: Argo CD sets it back")


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
