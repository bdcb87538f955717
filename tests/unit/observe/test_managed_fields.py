"""Reading managedFields: what we hold, what we lost."""

import tracemalloc
from typing import Any

import pytest

from formation_operator.observe import managed_fields
from tests.unit import cost

CONTAINER: dict[str, Any] = {'k:{"name":"web"}': {".": {}, "f:name": {}, "f:image": {}, "f:command": {}}}
HELD: dict[str, Any] = {
    "f:metadata": {"f:labels": {"f:a": {}}},
    "f:spec": {
        "f:selector": {},
        "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
        "f:containers": CONTAINER,
        "f:finalizers": {'v:"x"': {}},
    },
}


def lost(metadata: Any = None, **spec: Any) -> list[str]:
    manifest = {"metadata": {"name": "n", "namespace": "ns", **(metadata or {})}, "spec": spec}
    return [".".join(path) for path in managed_fields.lost(manifest, HELD)]


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"selector": {"matchLabels": {"a": "b"}}},
        {"containers": [{"name": "web", "image": "i", "command": ["/a", "/b"]}]},
        {"ports": [{"containerPort": 80}]},
        {"finalizers": ["x"]},
    ],
    ids=["nothing", "an atomic map", "a keyed item", "a key that the server filled in", "a set"],
)
def test_what_our_entry_holds_is_not_lost(spec: dict[str, Any]) -> None:
    assert lost({"labels": {"a": "1"}}, **spec) == []


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"replicas": 3}, "spec.replicas"),
        ({"containers": [{"name": "web", "env": []}]}, 'spec.containers.{"name":"web"}.env'),
        ({"containers": [{"name": "mesh"}]}, 'spec.containers.{"name":"mesh"}'),
        ({"ports": [{"containerPort": 81}]}, 'spec.ports.{"containerPort": 81}'),
        ({"finalizers": ["y"]}, 'spec.finalizers."y"'),
    ],
)
def test_what_somebody_took_is_lost(spec: dict[str, Any], path: str) -> None:
    assert lost(**spec) == [path]


def owned_by(uid: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the metadata of a child of a Formation with a uid, and what an entry says of it."""
    return {"ownerReferences": [{"uid": uid}]}, {"f:ownerReferences": {f'k:{{"uid":"{uid}"}}': {}}}


def test_the_entries_of_different_formations_children_are_kept_as_one_text() -> None:
    first, second = (managed_fields.kept({"f:metadata": owned_by(uid)[1]}, uid) for uid in ("uid-1", "uid-2"))
    assert first is second


@pytest.mark.parametrize("uid", ["f", 'a"b', "\\", "uid-1", ""])
def test_a_kept_entry_covers_its_own_owners_manifest_and_no_others(uid: str) -> None:
    metadata, fields = owned_by("uid-1")
    kept = managed_fields.kept({"f:metadata": fields, "f:spec": {"f:f": {}}}, uid)
    manifest = {"metadata": metadata, "spec": {"f": 1}}
    assert managed_fields.covers(manifest, kept, uid)
    assert managed_fields.covers(manifest, kept, "uid-2") == (uid != "uid-1")
    assert not managed_fields.covers({**manifest, "metadata": owned_by("uid-2")[0]}, kept, uid)


def test_an_entry_is_kept_whole_up_to_a_length_whatever_it_is_made_of() -> None:
    ones = [1] * ((managed_fields.LARGEST - len('{"ab":[1]}')) // len(",1") + 1)
    kept = managed_fields.kept({"ab": ones})
    assert len(kept) == managed_fields.LARGEST
    assert managed_fields.is_whole(kept)
    assert not managed_fields.is_whole(managed_fields.kept({"ab": [1, *ones]}))


def test_an_entry_that_is_too_large_to_be_kept_is_not_written_as_json_first() -> None:
    entry: dict[str, Any] = {f"f:{index}": {".": {}} for index in range(40_000)}
    assert not managed_fields.is_whole(managed_fields.kept(entry))
    assert cost.seconds(managed_fields.kept, entry) < cost.seconds(managed_fields.COMPACT.encode, entry) / 2


def test_however_many_entries_there_are_little_is_remembered_of_them() -> None:
    names = "\x01" * (managed_fields.USUAL // 2)  # six letters each in a text
    tracemalloc.start()
    try:
        for number in range(4 * managed_fields.REMEMBERED):
            managed_fields.kept({f"f:{number}{names}": {}})
        remembered, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert remembered < 5 * managed_fields.REMEMBERED * managed_fields.USUAL


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
