"""What is kept of our entry: little, and the same for most children."""

import tracemalloc
from typing import Any

import pytest

from formation_operator.observe import managed_fields
from tests.unit.facts import kept_of


def owned_by(uid: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the metadata of a child of a Formation with a uid, and what an entry says of it."""
    return {"ownerReferences": [{"uid": uid}]}, {"f:ownerReferences": {f'k:{{"uid":"{uid}"}}': {}}}


def test_the_entries_of_different_formations_children_are_kept_as_one_text() -> None:
    first, second = (kept_of({"f:metadata": owned_by(uid)[1]}, uid) for uid in ("uid-1", "uid-2"))
    assert first is second


@pytest.mark.parametrize("uid", ["f", 'a"b', "\\", "uid-1", ""])
def test_a_kept_entry_covers_its_own_owners_manifest_and_no_others(uid: str) -> None:
    metadata, fields = owned_by("uid-1")
    kept = kept_of({"f:metadata": fields, "f:spec": {"f:f": {}}}, uid)
    manifest = {"metadata": metadata, "spec": {"f": 1}}
    assert managed_fields.covers(manifest, kept, uid)
    assert managed_fields.covers(manifest, kept, "uid-2") == (uid != "uid-1")
    assert not managed_fields.covers({**manifest, "metadata": owned_by("uid-2")[0]}, kept, uid)


def test_an_entry_is_kept_whole_up_to_a_length_whatever_it_is_made_of() -> None:
    ones = [1] * ((managed_fields.LARGEST - len('{"ab":[1]}')) // len(",1") + 1)
    kept = kept_of({"ab": ones})
    assert len(kept) == managed_fields.LARGEST
    assert managed_fields.is_whole(kept)
    assert not managed_fields.is_whole(kept_of({"ab": [1, *ones]}))


def test_however_many_entries_there_are_little_is_remembered_of_them() -> None:
    names = "\x01" * (managed_fields.USUAL // 2)  # six letters each in a text
    tracemalloc.start()
    try:
        for number in range(4 * managed_fields.REMEMBERED):
            kept_of({f"f:{number}{names}": {}})
        blocks = [trace.size for trace in tracemalloc.take_snapshot().traces]
    finally:
        tracemalloc.stop()
    # Python's own table of shared texts is one large block, and grows whenever it is full.
    remembered = sum(size for size in blocks if size < 100_000)
    assert remembered < 5 * managed_fields.REMEMBERED * managed_fields.USUAL
