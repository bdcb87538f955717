"""JSON patch (RFC 6902), as much of it as a client of ours sends, and JSON merge patch (RFC 7386)."""

import copy
from typing import Any

from formation_operator.kube import errors
from formation_operator.kube.port import Object

FAILED = "the server rejected our request due to an error in our request"
"""All that the API server says about a patch that it can't carry out, and of a `test` that fails."""


def patched(raw: Object, operations: list[Object]) -> Object:
    """Return an object with a JSON patch carried out; raise `RefusedError` if that isn't possible."""
    result = copy.deepcopy(raw)
    for operation in operations:
        *above, last = [_unescaped(part) for part in operation["path"].split("/")[1:]]
        node: Any = result
        try:
            for part in above:
                node = node[_key(node, part)]
            _carry_out(node, _key(node, last), operation)
        except (LookupError, TypeError, ValueError) as error:
            raise errors.RefusedError(FAILED) from error
    return result


def merged(value: Any, patch: Any) -> Any:
    """Return a value with a merge patch carried out; what is null there goes."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(value) if isinstance(value, dict) else {}
    for key, item in patch.items():
        if item is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), item)
    return result


def _carry_out(node: Any, key: Any, operation: Object) -> None:
    verb, value = operation["op"], copy.deepcopy(operation.get("value"))
    if verb == "test":
        if node[key] != value:
            raise ValueError(key)
    elif verb == "remove":
        del node[key]
    elif verb == "add" and isinstance(node, list):
        node.insert(key, value)
    elif verb == "add":
        node[key] = value
    elif verb == "replace":
        del node[key]  # it must be there
        _carry_out(node, key, {**operation, "op": "add"})
    else:
        raise NotImplementedError(verb)


def _key(node: Any, part: str) -> Any:
    if isinstance(node, list):
        return len(node) if part == "-" else int(part)
    return part


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")
