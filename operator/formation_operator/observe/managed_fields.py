"""Who owns which field: reading ``metadata.managedFields``.

Comparing values with a live object gives false differences (the server writes ``0.5`` as
``500m`` and drops what is empty) and misses removals.  Ownership doesn't: the server takes a
field from our Apply entry when any other client changes it.  So an object is as we want
it when it carries the digest of our intent and our entry still holds every field of it.

Most children of types with the same name have the same entry. So the text of an entry is compared before it
is parsed (`kube.objects.listings`).
"""

import functools
import hashlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pydantic_core

from formation_operator.api import bounds, naming
from formation_operator.kube.objects import lenient, listings, nesting

Fields = dict[str, Any]
Path = tuple[str, ...]
COMPACT = json.JSONEncoder(separators=(",", ":"), sort_keys=True)
"""As the API server writes most keys of an entry."""
FILLED_IN = {"protocol": "TCP"}
"""The keys of items that the server fills in."""
LARGEST = 65536
"""Characters of an entry that is kept whole. A Deployment with a thousand variables has as many."""
MOST_READ = 4 * LARGEST
"""Bytes up to which an entry is parsed to find out whether it is that large; a larger one isn't parsed."""
DIGEST = "sha256:"
COUNT: Path = ("spec", "replicas")
REMEMBERED_COUNT: Path = ("metadata", "annotations", naming.COUNT_ANNOTATION)
STRATEGY: Path = ("spec", "strategy", "type")
CONTENT: Path = ("metadata", "annotations", naming.CONTENT_ANNOTATION)
LOOKED_FOR = frozenset({COUNT, REMEMBERED_COUNT, STRATEGY, CONTENT})
"""The fields of which is known whether our entry holds them, however large it is."""
USUAL = 4096
"""Bytes of an entry whose parsed form is cached: most entries are smaller."""
REMEMBERED = 256
"""How many entries are cached."""
ANY_OWNER = "k:owner"
"""Stands for the reference to a child's owner. The API server takes no such key: it isn't JSON."""


class Owned(NamedTuple):
    """What is kept of our Apply entry with a child."""

    text: str
    """The whole of it as JSON, or no more than its digest if it is large; empty if there is none.

    A stand-in replaces the owner's uid, so that most children have equal texts, which are interned.
    """
    held: frozenset[Path]
    """The fields of `LOOKED_FOR` that it holds."""


NOTHING = Owned("", frozenset())


def entry_of(managed: list[dict[str, Any]], operation: str = "Apply") -> Fields | None:
    """Return the fields that our entry of an operation holds, or nothing without such an entry.

    Objects of a list have them as text, which `owned` reads, too.
    """
    ours = naming.FIELD_MANAGER, operation
    for entry in managed:
        if (entry.get("manager"), entry.get("operation")) == ours and not entry.get("subresource"):
            return entry.get("fieldsV1") or {}
    return None


def missing(intent: Any, fields: Fields, path: Path = ()) -> Iterator[Path]:
    """Yield the path of each field of the intent that the entry doesn't hold.

    A path is made of field names, and of ``{"name":"web"}`` and the like for items of keyed lists.
    """
    if not fields:
        return  # a leaf, or an atomic list or map: held whole
    if isinstance(intent, dict):
        for key, value in intent.items():
            held = fields.get(f"f:{key}")
            if held is None:
                yield (*path, key)
            elif held:  # saves a call for each leaf
                yield from missing(value, held, (*path, key))
    elif isinstance(intent, list):
        yield from _missing_items(intent, fields, path)


def _missing_items(items: list[Any], fields: Fields, path: Path) -> Iterator[Path]:
    """Do the same for a list whose items are held one by one: keyed (``k:``) or a set (``v:``)."""
    shape = json.loads(next((key[2:] for key in fields if key.startswith("k:")), "[]"))
    is_normal = not shape
    for item in items:
        key = _key(item, shape) if shape and isinstance(item, dict) else f"v:{json.dumps(item)}"
        if key not in fields and not is_normal:  # the server may have written it in another way
            fields, is_normal = {_normal(each): held for each, held in fields.items()}, True
        held = fields.get(key)
        if held is None:
            yield (*path, _shown(item))
        elif shape:
            yield from missing(item, held, (*path, key[2:]))


def _key(item: dict[str, Any], shape: list[str]) -> str:
    """Return the key of an item of a keyed list, given the names of which one is made."""
    return f"k:{COMPACT.encode({name: item.get(name, FILLED_IN.get(name)) for name in shape})}"


def _normal(key: str) -> str:
    return f"k:{COMPACT.encode(json.loads(key[2:]))}" if key.startswith("k:") else key


def _shown(item: Any) -> str:
    name = item.get("name") if isinstance(item, dict) else None
    return json.dumps({"name": name}, separators=(",", ":")) if name else json.dumps(item)


def holds_count(entry: dict[str, Any]) -> bool:
    """Return whether an entry of any manager holds the count."""
    return lenient.holds(_parsed(entry.get("fieldsV1")), COUNT)


def lost(manifest: dict[str, Any], fields: Fields) -> Iterator[Path]:
    """Yield the path of each field of a manifest that an entry doesn't hold.

    What identifies the object (name, namespace, kind, version) has no owner.
    """
    identity = ("name", "namespace", "uid", "resourceVersion")
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in identity}
    return missing({"metadata": metadata, "spec": manifest["spec"]}, fields)


def taken_over(managed: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    """Return the entries of a restored object with its creator's fields made ours, if we have none.

    A backup tool restores an object under its own name, and would own the fields that a later intent drops
    for ever.  Its entry is the one that holds the immutable selector, of the object itself and
    not of a subresource.  Nothing is returned where our entry is still there.
    Source of the method: client-go's ``csaupgrade``.
    """
    if entry_of(managed) is not None:
        return None
    for entry in managed:
        whole = entry.get("operation") == "Update" and not entry.get("subresource")
        if whole and lenient.holds(entry.get("fieldsV1") or {}, ("spec", "selector")):
            ours = {**entry, "manager": naming.FIELD_MANAGER, "operation": "Apply"}
            return [ours if other is entry else other for other in managed]
    return None


# What is kept with a child


def owned(managed: list[dict[str, Any]], owner: str = "") -> Owned:
    """Return what is kept of our entry; ``owner`` is the uid of the child's owner."""
    fields = entry_of(managed)
    text = bytes(fields) if isinstance(fields, listings.Text) else bounds.encoded(fields)
    reference = _reference(owner).encode()
    if text.count(reference) == 1:
        text = text.replace(reference, COMPACT.encode(ANY_OWNER).encode())
    return _of_usual_text(text) if len(text) <= USUAL else _of_text(text)


def _of_text(text: bytes) -> Owned:
    if len(text) > MOST_READ:
        fields = listings.entry_fields(text)
        kept = DIGEST + hashlib.sha256(text).hexdigest()
    else:
        fields = lenient.mapping(nesting.parsed(text, pydantic_core.from_json))
        kept = COMPACT.encode(fields) if fields else ""
        if len(kept) > LARGEST:
            kept = DIGEST + hashlib.sha256(kept.encode()).hexdigest()
    return Owned(lenient.shared(kept), _held(fields))


_of_usual_text = functools.lru_cache(REMEMBERED)(_of_text)


def with_counts_alone(owned: Owned, managed: list[dict[str, Any]]) -> Owned:
    """Return what we hold of an object whose count we wrote last without the rest, by a patch."""
    written = _held(_parsed(entry_of(managed, "Update"))) & {COUNT, REMEMBERED_COUNT}
    return owned._replace(held=owned.held | written)


def _held(fields: Fields) -> frozenset[Path]:
    return frozenset(each for each in LOOKED_FOR if lenient.holds(fields, each))


def _parsed(fields: Any) -> Fields:
    """Return the fields of an entry, which may be text."""
    if isinstance(fields, listings.Text):
        return listings.entry_fields(bytes(fields))
    return lenient.mapping(fields)


def _reference(owner: str) -> str:
    """Return how an entry names the reference to an owner with a uid, as JSON."""
    return COMPACT.encode(f"k:{COMPACT.encode({'uid': owner})}")


def is_whole(owned: str) -> bool:
    """Return whether a child's entry is kept whole, and not as a digest."""
    return not owned.startswith(DIGEST)


def covers(manifest: dict[str, Any], owned: str, owner: str = "") -> bool:
    """Return whether our Apply entry, as it is kept with a child, holds every field of a manifest."""
    if not is_whole(owned):
        return False
    fields = json.loads(owned.replace(COMPACT.encode(ANY_OWNER), _reference(owner)))
    return next(lost(manifest, fields), None) is None
