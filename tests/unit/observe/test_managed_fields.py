"""Reading managedFields: what we hold, what we lost."""

from typing import Any

import pytest

from formation_operator.observe import managed_fields

CONTAINER: dict[str, Any] = {'k:{"name":"web"}': {".": {}, "f:name": {}, "f:image": {}, "f:command": {}}}
HELD: dict[str, Any] = {
    "f:metadata": {"f:labels": {"f:a": {}}},
    "f:spec": {
        "f:selector": {},
        "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
        "f:containers": CONTAINER,
        "f:mounts": {'k:{"mountPath":"/a\\u0026b"}': {"f:mountPath": {}, "f:name": {}}},
        "f:finalizers": {'v:"x"': {}},
    },
}


def lost(metadata: Any = None, **spec: Any) -> list[str]:
    manifest = {"metadata": {"name": "n", "namespace": "ns", **(metadata or {})}, "spec": spec}
    return [".".join(path) for path in managed_fields.lost(manifest, HELD)]


FIELDS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, []),
    "an atomic map": ({"selector": {"matchLabels": {"a": "b"}}}, []),
    "a keyed item": ({"containers": [{"name": "web", "image": "i", "command": ["/a", "/b"]}]}, []),
    "a key that the server filled in": ({"ports": [{"containerPort": 80}]}, []),
    "a key with other letters": ({"mounts": [{"mountPath": "/a&b", "name": "a"}]}, []),
    "a set": ({"finalizers": ["x"]}, []),
    "another field": ({"replicas": 3}, ["spec.replicas"]),
    "another field of an item": (
        {"containers": [{"name": "web", "env": []}]},
        ['spec.containers.{"name":"web"}.env'],
    ),
    "another item": ({"containers": [{"name": "mesh"}]}, ['spec.containers.{"name":"mesh"}']),
    "another key": ({"ports": [{"containerPort": 81}]}, ['spec.ports.{"containerPort": 81}']),
    "another one of a set": ({"finalizers": ["y"]}, ['spec.finalizers."y"']),
}


@pytest.mark.parametrize(("spec", "paths"), FIELDS.values(), ids=FIELDS)
def test_what_our_entry_does_not_hold_is_lost(spec: dict[str, Any], paths: list[str]) -> None:
    assert lost({"labels": {"a": "1"}}, **spec) == paths


def test_a_restored_object_makes_its_creators_entry_ours() -> None:
    velero = {"manager": "velero-server", "operation": "Update", "fieldsV1": {"f:spec": {"f:selector": {}}}}
    status = {"manager": "kcm", "operation": "Update", "subresource": "status", "fieldsV1": {}}
    ours, other = managed_fields.taken_over([velero, status]) or []
    assert (ours["manager"], ours["operation"]) == ("formation-operator", "Apply")
    assert other == status
    assert managed_fields.taken_over([ours]) is None


def test_what_was_written_through_a_subresource_is_nobodys_creation() -> None:
    scale = {"manager": "x", "operation": "Update", "fieldsV1": {"f:spec": {"f:selector": {}}}}
    assert managed_fields.taken_over([{**scale, "subresource": "scale"}]) is None
    others, ours = managed_fields.taken_over([{**scale, "subresource": "scale"}, scale]) or []
    assert (others["manager"], managed_fields.entry_of([ours])) == ("x", scale["fieldsV1"])
