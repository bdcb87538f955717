"""Who owns which field: reading ``metadata.managedFields``.

Comparing values with a live object gives false differences (the server writes ``0.5`` as
``500m`` and drops what is empty) and misses removals.  Ownership doesn't: the server takes a
field from our Apply entry when any other client changes it.  So an object is as we want
it when it carries the digest of our intent and our entry still holds every field of it.
"""

import json
from collections.abc import Iterator
from typing import Any

from formation_operator.api import naming

Fields = dict[str, Any]
Path = tuple[str, ...]
COMPACT = json.JSONEncoder(separators=(",", ":"), sort_keys=True)
"""As the API server writes the keys of an entry."""


def entry_of(managed: list[dict[str, Any]], manager: str = naming.FIELD_MANAGER) -> Fields | None:
    """Return the fields that a manager's Apply entry holds, or nothing without such an entry.

    Objects of a list have them as text, which `owned_fields` reads, too.
    """
    for entry in managed:
        if (
            entry.get("manager") == manager
            and entry.get("operation") == "Apply"
            and not entry.get("subresource")
        ):
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
    keyed = Keyed(fields)
    for item in items:
        held = keyed.holder(item)
        if held is not None:
            yield from missing(item, fields[held], (*path, held[2:]))
        elif f"v:{json.dumps(item)}" not in fields:
            yield (*path, _shown(item))


class Keyed:
    """The keyed items that an entry holds of one list; a list may have thousands."""

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
    """Return whether an entry holds the field at a path."""
    node: Any = fields
    for step in path:
        names = (f"f:{step}", f"k:{step}", f"v:{step}")
        node = next((node[name] for name in names if name in node), None)
        if node is None:
            return False
    return True


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
        if whole and holds(entry.get("fieldsV1") or {}, ("spec", "selector")):
            ours = {**entry, "manager": naming.FIELD_MANAGER, "operation": "Apply"}
            return [ours if other is entry else other for other in managed]
    return None
