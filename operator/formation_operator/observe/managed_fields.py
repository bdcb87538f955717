"""Who owns which field: reading ``metadata.managedFields``.

Comparing values with a live object gives false differences (the server writes ``0.5`` as
``500m`` and drops what is empty) and misses removals.  Ownership doesn't: the server takes a
field from our Apply entry the moment that anybody else changes it.  So an object is as we want
it when it carries the digest of our intent and our entry still holds every field of it.
"""

import functools
import hashlib
import json
import marshal
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from formation_operator.api import naming
from formation_operator.kube.objects import lenient, listings, nesting

Fields = dict[str, Any]
Path = tuple[str, ...]
COMPACT = json.JSONEncoder(separators=(",", ":"), sort_keys=True)
"""As the API server writes the keys of an entry."""
LARGEST = 65536
"""Characters of an entry that is kept whole. A Deployment with a thousand variables has as many."""
DIGEST = "sha256:"
COUNT: Path = ("spec", "replicas")
REMEMBERED_COUNT: Path = ("metadata", "annotations", naming.COUNT_ANNOTATION)
USUAL = 4096
"""Bytes of an entry that is remembered, packed or as text: most entries are as many others."""
REMEMBERED = 256
"""How many of these are; what is kept of one may be six times as long."""
ANY_OWNER = "k:owner"
"""Stands for the reference to a child's owner. The API server takes no such key: it isn't JSON."""


class Ours(NamedTuple):
    """What is kept of our Apply entry."""

    owned: str
    """The whole of it, as `kept` has it."""
    holds_count: bool
    """Whether it holds the count."""
    holds_remembered: bool
    """Whether it holds the annotation with the count that is remembered."""


def ours(managed: list[dict[str, Any]], owner: str = "") -> Ours:
    """Return what is kept of our entry with a child of an owner's, whose uid that is."""
    return _read(_applied(managed, naming.FIELD_MANAGER), owner)


def holds_count(entry: dict[str, Any]) -> bool:
    """Tell whether an entry, be it of somebody else's, holds the count."""
    fields = entry.get("fieldsV1")
    if not isinstance(fields, listings.Text):
        return holds(lenient.mapping(fields), COUNT)
    text = bytes(fields)
    return _count_in_usual_text(text) if len(text) <= USUAL else _count_in_text(text)


def entry_of(managed: list[dict[str, Any]], manager: str = naming.FIELD_MANAGER) -> Fields | None:
    """Return the fields that a manager's Apply entry holds, or nothing without such an entry.

    Not of an object of a list: `kube.objects.listings` leaves them as text.
    """
    found: Fields | None = _applied(managed, manager)
    return found


def _applied(managed: list[dict[str, Any]], manager: str) -> Any:
    for entry in managed:
        if (
            entry.get("manager") == manager
            and entry.get("operation") == "Apply"
            and not entry.get("subresource")
        ):
            return entry.get("fieldsV1") or {}
    return None


def _read(fields: Any, owner: str = "") -> Ours:
    """Return what is kept of an entry, if there is one. What is still text is most often as another was."""
    if not isinstance(fields, listings.Text):
        return _of_fields(lenient.mapping(fields), owner)
    text, reference = bytes(fields), _quoted(_reference(owner))
    if len(text) > USUAL or text.count(reference) != 1:
        return _of_text(text, owner)
    return _of_usual_text(text.replace(reference, _quoted(ANY_OWNER)))


def _of_fields(fields: Fields, owner: str) -> Ours:
    return Ours(kept(fields, owner), holds(fields, COUNT), holds(fields, REMEMBERED_COUNT))


def _of_text(text: bytes, owner: str = "") -> Ours:
    return _of_fields(lenient.mapping(nesting.parsed(text)), owner)


_of_usual_text = functools.lru_cache(REMEMBERED)(_of_text)


def _count_in_text(text: bytes) -> bool:
    return holds(lenient.mapping(nesting.parsed(text)), COUNT)


_count_in_usual_text = functools.lru_cache(REMEMBERED)(_count_in_text)


def _quoted(key: str) -> bytes:
    return COMPACT.encode(key).encode()


def kept(entry: Fields | None, owner: str = "") -> str:
    """Return an entry as it is kept with a child: as JSON, or no more than its digest if it is large.

    Of the owner's uid only that it is there is kept: so the entries of most children of a type's name are one
    text, which is interned.
    """
    if not entry:
        return ""
    # Packed, it is known by its bytes, and by its size: in a text no value has less than a third of that.
    packed = marshal.dumps(_with_any_owner(entry, _reference(owner)), 2)
    if len(packed) > 3 * LARGEST:
        return sys.intern(DIGEST + hashlib.sha256(packed).hexdigest())
    return _unpacked_usual(packed) if len(packed) <= USUAL else _unpacked(packed)


def _unpacked(packed: bytes) -> str:
    text = COMPACT.encode(marshal.loads(packed))  # noqa: S302  # of our own making
    return sys.intern(text if len(text) <= LARGEST else DIGEST + hashlib.sha256(text.encode()).hexdigest())


_unpacked_usual = functools.lru_cache(REMEMBERED)(_unpacked)


def _with_any_owner(entry: Fields, reference: str) -> Fields:
    """Return an entry with a key that is the same for all owners in place of the one for this reference."""
    metadata = lenient.mapping(entry, "f:metadata")
    references = lenient.mapping(metadata, "f:ownerReferences")
    if reference not in references:
        return entry
    others = {key: value for key, value in references.items() if key != reference}
    everybodys = {**others, ANY_OWNER: references[reference]}
    return {**entry, "f:metadata": {**metadata, "f:ownerReferences": everybodys}}


def _reference(owner: str) -> str:
    """Return how an entry names the reference to an owner with a uid."""
    return f"k:{COMPACT.encode({'uid': owner})}"


def is_whole(owned: str) -> bool:
    """Tell whether it is known what a child's entry holds, and not only if it is the same again."""
    return not owned.startswith(DIGEST)


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
            elif held:  # a step less for each of the leaves, which are most of all
                yield from missing(value, held, (*path, key))
    elif isinstance(intent, list):
        yield from _missing_items(intent, fields, path)


def _missing_items(items: list[Any], fields: Fields, path: Path) -> Iterator[Path]:
    """Do the same for a list whose items are held one by one: keyed (``k:``) or a set (``v:``)."""
    keyed = Keyed(fields)
    for item in items:
        held = keyed.holder(item)
        if held is not None:
            yield from missing(item, fields[held], (*path, held[2:]))
        elif f"v:{json.dumps(item)}" not in fields:
            yield (*path, _shown(item))


class Keyed:
    """The keyed items that an entry holds of one list, each found at once: a list may have thousands."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._keys = [key for key in fields if key.startswith("k:")]
        self._shape = tuple(json.loads(self._keys[0][2:])) if self._keys else ()
        self._indexes: dict[Path, dict[tuple[str, ...], str]] = {}

    def holder(self, item: Any) -> str | None:
        """Return the entry's key for an item of ours, or nothing if none holds it."""
        if not self._keys or not isinstance(item, dict):
            return None
        # A key that the item leaves out was filled in by the server (a port's protocol).
        given = tuple(name for name in self._shape if name in item)
        likely = f"k:{COMPACT.encode({name: item[name] for name in given})}"
        return likely if likely in self._fields else self._index(given).get(_values(item, given))

    def _index(self, given: Path) -> dict[tuple[str, ...], str]:
        if given not in self._indexes:
            names = {key: json.loads(key[2:]) for key in reversed(self._keys)}  # the first of several counts
            self._indexes[given] = {
                _values(each, given): key for key, each in names.items() if each.keys() >= {*given}
            }
        return self._indexes[given]


def _values(source: dict[str, Any], names: Path) -> tuple[str, ...]:
    return tuple(COMPACT.encode(source[name]) for name in names)


def _shown(item: Any) -> str:
    name = item.get("name") if isinstance(item, dict) else None
    return json.dumps({"name": name}, separators=(",", ":")) if name else json.dumps(item)


def holds(fields: Fields, path: Path) -> bool:
    """Tell whether an entry holds the field at a path."""
    node: Any = fields
    for step in path:
        names = (f"f:{step}", f"k:{step}", f"v:{step}")
        node = next((node[name] for name in names if name in node), None)
        if node is None:
            return False
    return True


def covers(manifest: dict[str, Any], owned: str, owner: str = "") -> bool:
    """Tell whether our Apply entry, as it is kept with an owner's child, holds every field of a manifest."""
    if not is_whole(owned):
        return False
    fields = json.loads(owned.replace(COMPACT.encode(ANY_OWNER), COMPACT.encode(_reference(owner))))
    return next(lost(manifest, fields), None) is None


def lost(manifest: dict[str, Any], fields: Fields) -> Iterator[Path]:
    """Yield the path of each field of a manifest that an entry doesn't hold.

    What identifies the object (name, namespace, kind, version) is owned by nobody.
    """
    identity = ("name", "namespace", "uid", "resourceVersion")
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in identity}
    return missing({"metadata": metadata, "spec": manifest["spec"]}, fields)


def taken_over(managed: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    """Return the entries of a restored object with its creator's fields made ours, if we have none.

    A backup tool restores an object under its own name, and would for ever co-own whatever the
    next intent drops.  Its entry is the one that holds the immutable selector, of the object itself and
    not of a subresource.  Nothing is returned where our entry is still there.
    Source of the method: client-go's ``csaupgrade``.
    """
    if entry_of(managed) is not None:
        return None
    for entry in managed:
        whole = entry.get("operation") == "Update" and not entry.get("subresource")
        if whole and holds(entry.get("fieldsV1") or {}, ("spec", "selector")):
            ours = {**entry, "manager": naming.FIELD_MANAGER, "operation": "Apply"}
            return [ours if other is entry else other for other in managed]
    return None
