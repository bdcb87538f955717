"""The CRD, and what it would be without some of its parts."""

import copy
from typing import Any

from crds.generate import crd, snapshot

Json = dict[str, Any]
RULES = "x-kubernetes-validations"
ANYTHING: Json = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def all_of_them() -> dict[str, Json]:
    """Return each variant of the CRD by its name."""
    ours = crd.build(snapshot.read())
    return {"ours": ours, "no rules": with_schema(ours, without_rules), "minimal": with_schema(ours, minimal)}


def with_schema(document: Json, change: Any) -> Json:
    """Return the CRD with its schema changed."""
    changed = copy.deepcopy(document)
    [version] = changed["spec"]["versions"]
    version["schema"]["openAPIV3Schema"] = change(version["schema"]["openAPIV3Schema"])
    return changed


def without_rules(node: Any) -> Any:
    """Return a schema that has no CEL rules."""
    if isinstance(node, list):
        return [without_rules(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: without_rules(value) for key, value in node.items() if key != RULES}


def minimal(schema: Json) -> Json:
    """Return a schema that checks nothing."""
    del schema
    return {"type": "object", "properties": {"spec": ANYTHING, "status": ANYTHING}}
