"""Who owns which field: reading ``metadata.managedFields``.

Comparing values with a live object gives false differences (the server writes ``0.5`` as
``500m`` and drops what is empty) and misses removals.  Ownership doesn't: the server takes a
field from our Apply entry the moment that anybody else changes it.  So an object is as we want
it when it carries the digest of our intent and our entry still holds every field of it.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from typing import Any

from formation_operator import naming

Fields = dict[str, Any]
Path = tuple[str, ...]
LARGEST = 65536
"""Characters of an entry that is kept whole. A Deployment with a thousand variables has as many."""
DIGEST = "sha256:"


def entry_of(managed: list[dict[str, Any]], manager: str = naming.FIELD_MANAGER) -> Fields | None:
    """Return the fields that a manager's Apply entry holds, or nothing without such an entry."""
    for entry in managed:
        if (
            entry.get("manager") == manager
            and entry.get("operation") == "Apply"
            and not entry.get("subresource")
        ):
            return entry.get("fieldsV1") or {}
    return None


def kept(entry: Fields | None) -> str:
    """Return an entry as it is kept with a child: as JSON, or no more than its digest if it is large."""
    if not entry:
        return ""
    text = json.dumps(entry, sort_keys=True)
    # Interned: the entries of all children of a kind are mostly the same text.
    return sys.intern(text if len(text) <= LARGEST else DIGEST + hashlib.sha256(text.encode()).hexdigest())


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
            else:
                yield from missing(value, held, (*path, key))
    elif isinstance(intent, list):
        yield from _missing_items(intent, fields, path)


def _missing_items(items: list[Any], fields: Fields, path: Path) -> Iterator[Path]:
    """Do the same for a list whose items are held one by one: keyed (``k:``) or a set (``v:``)."""
    keyed = {key: json.loads(key[2:]) for key in fields if key.startswith("k:")}
    for item in items:
        held = next((key for key, names in keyed.items() if _matches(item, names)), None)
        if held is not None:
            yield from missing(item, fields[held], (*path, held[2:]))
        elif f"v:{json.dumps(item)}" not in fields:
            yield (*path, _shown(item))


def _matches(item: Any, names: dict[str, Any]) -> bool:
    # A key that the item leaves out was filled in by the server (a port's protocol).
    return isinstance(item, dict) and all(item.get(key, value) == value for key, value in names.items())


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


def covers(manifest: dict[str, Any], owned: str) -> bool:
    """Tell whether our Apply entry, as it is kept, is known to hold every field of a manifest."""
    return is_whole(owned) and next(lost(manifest, json.loads(owned)), None) is None


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
    next intent drops.  Its entry is the one that holds the immutable selector.  Nothing is
    returned where our entry is still there.
    Source of the method: client-go's ``csaupgrade``.
    """
    if entry_of(managed) is not None:
        return None
    for entry in managed:
        if entry.get("operation") == "Update" and holds(entry.get("fieldsV1") or {}, ("spec", "selector")):
            ours = {**entry, "manager": naming.FIELD_MANAGER, "operation": "Apply"}
            return [ours if other is entry else other for other in managed]
    return None
