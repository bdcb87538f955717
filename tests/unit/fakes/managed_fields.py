"""Who owns which field of an object, kept as the API server keeps it in ``metadata.managedFields``.

Simpler than the real thing, which knows a schema: a list is held item by item where each item has a name.
"""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from formation_operator.kube import errors
from formation_operator.kube.port import Object
from tests.unit.fakes.json_patch import copied

Path = tuple[str, ...]
"""The steps of ``fieldsV1`` to a field: ``f:spec``, ``k:{"name":"web"}``, or ``.`` for an item itself."""
ABSENT = object()
IDENTITY = {"name", "namespace", "uid"}
SERVERS_OWN = {"resourceVersion", "generation", "creationTimestamp", "managedFields"}


class Owner(NamedTuple):
    """Whoever holds fields."""

    manager: str
    operation: str
    subresource: str = ""


Held = dict[Owner, set[Path]]


def applied(live: Object, manifest: Object, by: Owner, now: str, *, force: bool) -> Object:
    """Return an object as it is after a server-side apply; raise `ConflictError` over others' fields."""
    held, wanted = read(live), leaves(owned(manifest))
    changed = {path for path, value in wanted.items() if not _same(_at(live, path), value)}
    others = {owner: paths for owner, paths in held.items() if owner != by}
    taken = [(owner.manager, path) for owner, paths in others.items() for path in sorted(paths & changed)]
    if taken and not force:
        raise errors.ConflictError(f"Apply failed with {len(taken)} conflicts: {taken}")
    dropped = held.get(by, set()) - wanted.keys() - set().union(*others.values())
    result = copied(live)
    for path in sorted(dropped, reverse=True):
        _remove(result, path)
    for path in changed:
        _put(result, path, wanted[path])
    left = {owner: paths - changed for owner, paths in held.items()}
    times = _times(live) | ({by: now} if changed or dropped or held.get(by) != set(wanted) else {})
    return _with(result, {**left, by: set(wanted)}, times)


def updated(before: Object, after: Object, by: Owner, now: str) -> Object:
    """Return an object that was changed by any other write, with the changed fields its writer's.

    A write that only removes fields has no trace.
    """
    old, new = leaves(owned(before)), leaves(owned(after))
    changed = {path for path, value in new.items() if old.get(path, ABSENT) != value}
    lost = changed | (old.keys() - new.keys())
    held = {owner: paths - lost for owner, paths in read(after).items()}
    times = _times(after) | ({by: now} if changed else {})
    return _with(copied(after), {**held, by: held.get(by, set()) | changed}, times)


def owned(raw: Object) -> Object:
    """Return those fields of an object that can have an owner."""
    metadata = {
        key: value for key, value in raw.get("metadata", {}).items() if key not in IDENTITY | SERVERS_OWN
    }
    rest = {key: value for key, value in raw.items() if key not in ("apiVersion", "kind", "metadata")}
    return {**rest, **({"metadata": metadata} if metadata else {})}


def leaves(value: Any) -> dict[Path, Any]:
    """Return all that a value consists of, by path."""
    return dict(_leaves(value, ()))


def read(raw: Object) -> Held:
    """Return what each owner holds of an object."""
    held: Held = {}
    for entry in raw["metadata"].get("managedFields") or []:
        held.setdefault(_owner(entry), set()).update(_paths(entry.get("fieldsV1") or {}, ()))
    return held


def _owner(entry: Object) -> Owner:
    return Owner(entry.get("manager", ""), entry.get("operation", ""), entry.get("subresource", ""))


def _times(raw: Object) -> dict[Owner, str]:
    entries = raw["metadata"].get("managedFields") or []
    return {_owner(entry): entry.get("time", "") for entry in entries}


def _with(raw: Object, held: Mapping[Owner, set[Path]], times: Mapping[Owner, str]) -> Object:
    entries = [
        {**owner._asdict(), "time": times.get(owner, ""), "fieldsV1": _tree(paths)}
        for owner, paths in held.items()
        if paths
    ]
    raw["metadata"]["managedFields"] = [
        {key: value for key, value in entry.items() if value} for entry in entries
    ]
    return raw


def _leaves(value: Any, at: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*at, f"f:{key}"))
    elif isinstance(value, list) and value and all(map(_has_name, value)):
        for item in value:
            key = {"name": item["name"]}
            there = (*at, f"k:{json.dumps(key, separators=(',', ':'))}")
            yield (*there, "."), key
            yield from _leaves(item, there)
    elif at:
        yield at, value


def _has_name(item: Any) -> bool:
    return isinstance(item, dict) and "name" in item


def _tree(paths: Iterable[Path]) -> Object:
    tree: Object = {}
    for path in paths:
        node = tree
        for step in path:
            node = node.setdefault(step, {})
    return tree


def _paths(tree: Object, at: Path) -> Iterator[Path]:
    for step, inner in tree.items():
        yield from _paths(inner, (*at, step)) if inner else [(*at, step)]


def _same(there: Any, wanted: Any) -> bool:
    # An empty mapping says nothing about what is in it.
    return there == wanted or (wanted == {} and isinstance(there, dict))


def _at(root: Any, path: Path) -> Any:
    """Return what is at a path; of an item itself its key."""
    node = root
    for above, step in zip(("", *path), path, strict=False):
        if node is ABSENT:
            break
        node = json.loads(above[2:]) if step == "." else _inner(node, step)
    return node


def _inner(node: Any, step: str) -> Any:
    if step.startswith("f:"):
        return node.get(step[2:], ABSENT) if isinstance(node, dict) else ABSENT
    key = json.loads(step[2:])
    items = node if isinstance(node, list) else []
    return next((item for item in items if key.items() <= item.items()), ABSENT)


def _put(root: Object, path: Path, value: Any) -> None:
    node: Any = root
    for step, after in itertools.pairwise(path):
        inner = _inner(node, step)
        if not isinstance(inner, dict | list):
            inner = [] if after.startswith("k:") else {}
            if step.startswith("k:"):
                inner = json.loads(step[2:])
                node.append(inner)
            else:
                node[step[2:]] = inner
        node = inner
    if path[-1] != ".":
        node[path[-1][2:]] = copied(value)


def _remove(root: Object, path: Path) -> None:
    """Take a field away; an item goes when nothing but its key is left, which goes with it."""
    *above, last = path
    if last == ".":
        items, item = _at(root, path[:-2]), _at(root, path[:-1])
        if item is not ABSENT and item == json.loads(path[-2][2:]):
            items.remove(item)
            if not items:
                _remove(root, path[:-2])
        return
    node = _at(root, tuple(above))
    if isinstance(node, dict) and not (above[-1].startswith("k:") and last == "f:name"):
        node.pop(last[2:], None)
        if not node and above and above[-1].startswith("f:"):
            _remove(root, tuple(above))
